// A relation's whole life by SuperOffice's own client library, online, as an integration would use it.
// node relations.mjs http://127.0.0.1:8090  prints one JSON object with what each call gave.
import { createRequire } from "node:module";

// The library's ES module build names its own files without ".js", which Node does not resolve: take the other one.
const { MDOAgent, RelationAgent } = createRequire(import.meta.url)("@superoffice/webapi");

const sandbox = process.argv[2];
const app = await (await fetch(`${sandbox}/sandbox/app`)).json();
const options = () => ({
  baseUrl: `${sandbox}/${app.tenant}/api`,
  languageCode: "no",
  axiosConfig: { headers: { Authorization: `SOTicket ${app.ticket}`, "SO-AppToken": app.client_secret } },
});
const relations = new RelationAgent(options());
const lists = new MDOAgent(options());

const results = {};
results.definitions = await lists.getListAsync("contactrelationdefinition", false, "CC", false);
const entity = await relations.createDefaultContactRelationEntityAsync();
results.blank = { ...entity };
Object.assign(entity, { sourceContactId: 686, destinationContactId: 4, relationDefinitionId: 18, comment: "Since 2019" });
results.created = await relations.saveContactRelationAsync(entity);
const { relationId } = results.created;
const found = await relations.getContactRelationEntityAsync(relationId);
results.updated = await relations.saveContactRelationAsync({ ...found, comment: "Since 2020" });
await relations.deleteContactRelationAsync(relationId);
results.gone = await relations.getContactRelationEntityAsync(relationId);
results.refused = await relations
  .saveContactRelationAsync({ ...found, relationId: 0, destinationContactId: 99999 })
  .catch((error) => ({ status: error.response.status, ...error.response.data }));
console.log(JSON.stringify(results));
