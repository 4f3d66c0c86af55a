// The audits of GraphQL over HTTP by graphql-http; `notice` and `warn` count as faults too.

import { serverAudits } from 'graphql-http';
import { endpoint, versions } from './judge.mjs';

const audits = serverAudits({ url: endpoint, fetchFn: fetch });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') passed += 1;
  else console.log(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log(`${versions('graphql-http')}: ${passed}/${audits.length} audits`);
process.exitCode = audits.length === 61 && passed === audits.length ? 0 : 1;
