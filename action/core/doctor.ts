/** What stands between a repository and its first deploy: facts -> findings, each with its exact fix. */
import { namePrefix, readRoleArn, roleName, useOf } from "./access.ts";
import type { DoctorFacts } from "./doctor-facts.ts";
import { environmentFindings } from "./environment-findings.ts";
import { type Finding, ok } from "./finding.ts";
import { quotaFindings } from "./quota-findings.ts";
import { workflowFindings } from "./workflow-findings.ts";

/** In the order in which things have to be mended. */
export function diagnose(facts: DoctorFacts): readonly Finding[] {
  return [
    ...configFindings(facts),
    ...workflowFindings(facts.workflows, facts.config.kind === "pipeline" ? facts.config.stages : []),
    ...environmentFindings(facts),
    ...regionFindings(facts),
    ...accountFindings(facts),
    ...roleFindings(facts),
    ...bucketFindings(facts),
    ...quotaFindings(facts),
  ];
}

function hidden(what: string, { why, fix }: { readonly why: string; readonly fix?: string }): Finding {
  return {
    kind: "warning",
    what: `${what} cannot be seen: ${why}`,
    fix: fix ?? "Run the doctor with credentials that may look.",
  };
}

function configFindings({ config }: DoctorFacts): readonly Finding[] {
  if (config.kind === "broken") {
    return config.problems.map(({ message, hint = "See `warren check`.", place }) => ({
      kind: "problem",
      what: message,
      fix: hint,
      ...(place && { place }),
    }));
  }
  const { name: pipeline, stages, names } = config;
  const prefix = namePrefix(pipeline);
  const unguarded = stages.filter((stage) => stage.protected && stage.environment === undefined);
  const foreign = names.filter(({ name }) => !name.startsWith(prefix));
  return [
    ok(
      `config/pipeline.yaml: pipeline \`${pipeline}\`, stages ${stages.map(({ name }) => `\`${name}\``).join(", ")}`,
    ),
    ...unguarded.map(({ name, place }): Finding => ({
      kind: "warning",
      what: `protected stage \`${name}\` names no environment`,
      place,
      fix: `Add \`environment: ${name}\`, and on GitHub give that environment reviewers and a branch rule.`,
    })),
    ...foreign.map(({ name, place }): Finding => ({
      kind: "problem",
      what: `the name \`${name}\` does not begin with \`${prefix}\`: the roles of \`warren bootstrap\` may not make it`,
      place,
      fix: `Call it \`${prefix}${name}\`, or leave \`name\` out.`,
    })),
  ];
}

function regionFindings({ region, role }: DoctorFacts): readonly Finding[] {
  if (region === undefined) {
    const fix = "Set `region:` of the stage in config/pipeline.yaml, the input `aws-region`, or AWS_REGION.";
    return [{ kind: "problem", what: "no AWS region is known", fix }];
  }
  const name = readRoleArn(role)?.name ?? "";
  if (useOf(role) !== undefined && !name.includes(`-${region}-`)) {
    const fix = `Use the role of ${region}, or the other region; \`warren bootstrap\` makes roles for one region.`;
    return [{ kind: "problem", what: `the role ${name} is not one for ${region}`, fix }];
  }
  return [ok(`region: ${region}`)];
}

function accountFindings({ account, run, config }: DoctorFacts): readonly Finding[] {
  if (account.kind === "hidden") return [hidden("the account's set-up", account)];
  const { value } = account;
  const repository = run?.repository || value?.outputs["Repository"] || "<owner/name>";
  const id = run?.repositoryId || value?.outputs["RepositoryId"] || "<number>";
  const owner = run?.ownerId || value?.outputs["OwnerId"] || "<number>";
  const again = `Run \`warren bootstrap --repository ${repository} --repository-id ${id} --owner-id ${owner}\`.`;
  if (!value) return [{ kind: "problem", what: "this account and region are not set up", fix: again }];
  const { stack, outputs, current, stagesCurrent } = value;
  const pipeline = config.kind === "pipeline" ? config.name : undefined;
  if (!outputs["Pipeline"]) {
    return [
      { kind: "warning", what: `${stack} holds no roles: only your own credentials can deploy`, fix: again },
    ];
  }
  if (pipeline !== undefined && outputs["Pipeline"] !== pipeline) {
    const what = `${stack} holds the roles of pipeline \`${outputs["Pipeline"]}\`, and none are for \`${pipeline}\``;
    return [{ kind: "problem", what, fix: again }];
  }
  const found: Finding[] = [];
  if (run && (outputs["RepositoryId"] !== run.repositoryId || outputs["OwnerId"] !== run.ownerId)) {
    found.push({
      kind: "problem",
      what: `${stack} trusts ${outputs["Repository"]} (${outputs["RepositoryId"]}), not ${run.repository} (${run.repositoryId})`,
      fix: again,
    });
  } else if (run && outputs["Repository"] !== run.repository) {
    const what = `${stack} trusts the repository by its former name ${outputs["Repository"]}`;
    found.push({ kind: "problem", what, fix: again });
  }
  if (!current) found.push({ kind: "warning", what: `${stack} is of another version of Warren`, fix: again });
  if (!stagesCurrent) {
    const what = `${stack} does not know the stages and environments as they are in config/pipeline.yaml now`;
    found.push({ kind: "problem", what, fix: again });
  }
  return found.length > 0
    ? found
    : [ok(`${stack}: OIDC provider, subjects and roles are for ${outputs["Repository"]}`)];
}

function roleFindings(facts: DoctorFacts): readonly Finding[] {
  const { role, run, config, region, account } = facts;
  if (config.kind === "broken" || region === undefined) return [];
  const roles = new Set([role, ...config.stages.map((stage) => stage.role ?? "")]);
  roles.delete("");
  const outputs = account.kind === "seen" ? account.value?.outputs : undefined;
  const wanted = outputs?.["DeployRole"] ?? `…:role/warren/${roleName(config.name, region, "deploy")}`;
  if (roles.size > 0) return [...roles].map((one) => roleFinding(one, config.name, wanted, facts));
  // On one's own machine the SDK finds credentials in many ways.
  if (!run) return [];
  const fix = `Give the action \`role-to-assume: ${wanted}\`; the roles for plans and previews are found from it.`;
  return [{ kind: "warning", what: "no role is named: credentials come from the environment", fix }];
}

function roleFinding(
  role: string,
  pipeline: string,
  wanted: string,
  { region = "", place }: DoctorFacts,
): Finding {
  const arn = readRoleArn(role);
  const fix = `Use \`${wanted}\`.`;
  if (!arn) return { kind: "problem", what: `\`${role}\` is not the ARN of a role`, fix };
  const use = useOf(role);
  if (use === undefined) {
    const what = `${role} was not made by \`warren bootstrap\`: every stage is deployed with all its rights`;
    return { kind: "warning", what, fix };
  }
  if (arn.name !== `warren/${roleName(pipeline, region, use)}`) {
    return { kind: "problem", what: `${role} is the role of another pipeline or region`, fix };
  }
  if (place.kind === "seen" && arn.account !== place.value.account) {
    const what = `the role is of account ${arn.account}, and the credentials are of ${place.value.account}`;
    return { kind: "problem", what, fix };
  }
  return ok(`role: ${role}`);
}

function bucketFindings({ bucket, account }: DoctorFacts): readonly Finding[] {
  const made = account.kind === "seen" ? account.value?.outputs["ArtifactBucket"] : undefined;
  if (bucket.kind === "seen") {
    if (bucket.value) return [ok("the artifact bucket is there")];
    const what = "there is no artifact bucket in this account and region";
    // It is retained when its stack goes, so a bucket that is missing beside its stack was deleted by hand.
    const fix =
      made === undefined
        ? "Run `warren bootstrap`: it makes the bucket."
        : `It was deleted by hand: make it again with \`aws s3api create-bucket --bucket ${made}\`, then run \`warren bootstrap\`.`;
    return [{ kind: "problem", what, fix }];
  }
  return made === undefined ? [hidden("the artifact bucket", bucket)] : [ok(`artifact bucket: ${made}`)];
}
