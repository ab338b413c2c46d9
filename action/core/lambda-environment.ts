/** The environment that Lambda gives a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
import type { LoadRequest } from "./passport.ts";

const REGION = "us-east-1";

/**
 * With what `request.environment` adds. `folder`: where the artifact lies. The keys are of nobody: code may look whether there
 * are some before it makes a client.
 */
export function lambdaEnvironment(
  { component, runtime, handler, environment }: LoadRequest,
  folder: string,
): Readonly<Record<string, string>> {
  const major = /\d+/.exec(runtime)?.[0] ?? "";
  return {
    AWS_ACCESS_KEY_ID: "none-while-loading",
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
    AWS_LAMBDA_FUNCTION_NAME: component,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${component}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "1970/01/01/[$LATEST]0",
    AWS_LAMBDA_RUNTIME_API: "127.0.0.1:9001",
    AWS_REGION: REGION,
    AWS_SECRET_ACCESS_KEY: "none-while-loading",
    AWS_SESSION_TOKEN: "none-while-loading",
    HOME: "/tmp",
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    LAMBDA_TASK_ROOT: folder,
    LANG: "en_US.UTF-8",
    // Binaries find libraries that lie there.
    LD_LIBRARY_PATH: `${folder}:${folder}/lib`,
    NODE_PATH: `/opt/nodejs/node${major}/node_modules:/opt/nodejs/node_modules:/var/runtime/node_modules`,
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    TZ: ":UTC",
    _HANDLER: handler,
    ...environment,
  };
}
