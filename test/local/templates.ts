/** Resources that several tests need. */

export type Statement = Readonly<Record<string, unknown>>;

export function policy(...statements: readonly Statement[]) {
  return { Version: "2012-10-17", Statement: statements };
}

export function allow(action: string | readonly string[], resource: unknown) {
  return { Effect: "Allow", Action: action, Resource: resource };
}

export function trust(service: string) {
  return policy({ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" });
}

export function lambdaRole(...statements: readonly Statement[]) {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: trust("lambda.amazonaws.com"),
      Policies:
        statements.length === 0 ? [] : [{ PolicyName: "arrows", PolicyDocument: policy(...statements) }],
    },
  };
}

/** A function that prints every event it gets, or runs other code. */
export function lambdaFunction(role: string, properties: Readonly<Record<string, unknown>> = {}) {
  return {
    Type: "AWS::Lambda::Function",
    Properties: {
      Code: { ZipFile: "exports.handler = async (event) => { console.log(JSON.stringify(event)); };" },
      Handler: "index.handler",
      Runtime: "nodejs24.x",
      Role: { "Fn::GetAtt": [role, "Arn"] },
      ...properties,
    },
  };
}

export function permission(functionId: string, service: string, sourceArn: unknown) {
  return {
    Type: "AWS::Lambda::Permission",
    Properties: {
      Action: "lambda:InvokeFunction",
      FunctionName: { "Fn::GetAtt": [functionId, "Arn"] },
      Principal: service,
      SourceArn: sourceArn,
    },
  };
}

export function arn(id: string) {
  return { "Fn::GetAtt": [id, "Arn"] };
}

export function ref(id: string) {
  return { Ref: id };
}

/** The policy of a queue or topic that lets a service in for one source. */
export function letsIn(service: string, action: string, resource: unknown, source: unknown) {
  return policy({
    Effect: "Allow",
    Principal: { Service: service },
    Action: action,
    Resource: resource,
    Condition: { ArnEquals: { "aws:SourceArn": source } },
  });
}
