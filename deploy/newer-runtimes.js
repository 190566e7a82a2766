// A plugin of the Serverless Framework 3: what Google has added since serverless-google-cloudfunctions 4.6.0.

const RUNTIMES = ['python310', 'python311', 'python312', 'python313'];

module.exports = class NewerRuntimes {
  constructor({ configSchemaHandler, service }) {
    configSchemaHandler.schema.definitions.cloudFunctionRuntime.enum.push(...RUNTIMES);
    // Its schema forgets maxInstances, though its compiler reads it: it is taken from where the numbers of instances stand.
    this.hooks = {
      'before:package:compileFunctions': () => {
        for (const [name, { serviceConfig }] of Object.entries(service.custom.functions)) {
          const { minInstanceCount: minInstances, maxInstanceCount: maxInstances } = serviceConfig;
          Object.assign(service.getFunction(name), { minInstances, maxInstances });
        }
      },
    };
  }
};
