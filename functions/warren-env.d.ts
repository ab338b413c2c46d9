// Made by `warren generate` from config/pipeline.yaml. Do not edit.
declare namespace NodeJS {
  interface ProcessEnv {
    /** Seen by `producerai`. */
    readonly FANGSENTIMENT_NAME?: string;
    /** Seen by `serverlessproducer`. */
    readonly FANG_NAME?: string;
    /** Seen by `serverlessproducer`. */
    readonly PRODUCER_URL?: string;
  }
}
