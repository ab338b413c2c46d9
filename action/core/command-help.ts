/** What `--help` says at its end. */

export const HELP = `
Start here:
  warren check                 is config/pipeline.yaml right? Needs no AWS.
  warren render --stage prod   the CloudFormation template that would be deployed
  warren plan --stage prod     what a deploy would change, told by CloudFormation
  warren deploy --stage prod

Credentials and region come from the environment, as the AWS SDK reads them (AWS_REGION, AWS_PROFILE, …).

Exit codes: 0 done, 1 something to mend (it is printed where and how), 2 wrong words on the command line,
3 a stage has drifted, 70 a bug in Warren (please report it), 75 the same again, later, is right (AWS or GitHub is
busy), 130 interrupted. \`warren explain <reason>\` tells more.`;

export const DRIFT_HELP = `
CloudFormation compares each resource with the template that was deployed last; properties that the template does
not set are not compared. What differs is told by its component and line of pipeline.yaml. Without a stage, every
protected stage is checked.

  warren drift prod            exit code 0: as deployed, 3: drifted, 1: not known (and why)
  warren drift prod --json     the same for machines
  warren drift prod --revert   put back what was deployed; to keep it, write it into pipeline.yaml and deploy

Values that might be secret are not shown.`;
