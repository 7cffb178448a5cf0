// Writes the schemas of some webhook events, with all that they refer to, as one JSON Schema:
//   node webhook-schemas.mjs DESCRIPTION NAME...
import { readFileSync } from 'node:fs';
const d = JSON.parse(readFileSync(process.argv[2], 'utf8')), defs = {};
const strip = (v) => {
  if (Array.isArray(v)) return v.map(strip);
  if (v === null || typeof v !== 'object') return v;
  const out = {};
  for (const [k, x] of Object.entries(v)) {
    if (k === 'example' || k === 'examples' || (k === 'description' && typeof x === 'string')) continue;
    if (k === '$ref') { out.$ref = use(x.split('/').pop()); continue; }
    out[k] = strip(x);
  }
  return out;
};
const use = (name) => {
  if (!(name in defs)) { defs[name] = {}; defs[name] = strip(d.components.schemas[name]); }
  return '#/$defs/' + name;
};
for (const name of process.argv.slice(3)) use(name);
const sorted = Object.fromEntries(Object.entries(defs).sort(([a], [b]) => (a < b ? -1 : 1)));
process.stdout.write(JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', $defs: sorted }));
