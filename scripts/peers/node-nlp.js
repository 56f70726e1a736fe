// Trains node-nlp on the phrases of corpus.json (written by TestPeers in bot/release) and asks
// it the questions. Arguments: corpus.json, «all» or «names» (names and aliases without the
// asks), how many epochs at most, the file for the figures, and one more file for the same
// replies under node-nlp's own threshold, if wanted.
'use strict';

const fs = require('fs');
console.log = (...line) => console.error('node-nlp:', ...line); // standard output is the table's
const { NlpManager } = require('node-nlp');
const { version } = require('node-nlp/package.json');

const [, , corpusFile, which, epochs, outFile, thresholdFile] = process.argv;
const iterations = Number(epochs);
const threshold = 0.5; // node-nlp's own: an intent with a lower score becomes None
const within = 5;

const corpus = JSON.parse(fs.readFileSync(corpusFile, 'utf8'));
const phrases = which === 'names' ? corpus.phrases.filter((p) => !p.ask) : corpus.phrases;

function processMB(key) {
  if (!fs.existsSync('/proc/self/status')) return 0;
  const found = fs.readFileSync('/proc/self/status', 'utf8').match(new RegExp(`^${key}:\\s*(\\d+) kB`, 'm'));
  return found ? Math.floor(Number(found[1]) / 1024) : 0;
}

async function train() {
  let last = { iterations: 0, error: 1 };
  let said = 0;
  const log = (status) => {
    last = { ...status };
    if (Date.now() - said < 5000) return;
    said = Date.now();
    console.log(`epoch ${status.iterations} of at most ${iterations}, error ${status.error.toExponential(2)}`);
  };
  const manager = new NlpManager({
    languages: ['zh'],
    autoSave: false,
    autoLoad: false,
    calculateSentiment: false,
    threshold: 0, // applied afterwards, so that one run shows both
    nlu: { log },
  });
  for (const domains of Object.values(manager.nlp.nluManager.domainManagers)) {
    for (const nlu of Object.values(domains.domains)) nlu.settings.iterations = iterations;
  }
  for (const { text, label } of phrases) manager.addDocument('zh', text, label);
  await manager.train();
  return { manager, last };
}

async function ask(manager, text) {
  const { classifications } = await manager.process('zh', text);
  const named = classifications.filter((c) => c.intent !== 'None' && c.score > 0).slice(0, within);
  const [best] = named;
  return { answer: best ? best.intent : '', choices: named.map((c) => c.intent), score: best ? best.score : 0 };
}

async function main() {
  const start = performance.now();
  const { manager, last } = await train();
  const ready = performance.now() - start;
  console.log(`${phrases.length} phrases, ${last.iterations} epochs, ${(ready / 1000).toFixed(1)} s`);
  for (const text of corpus.warm_up) await ask(manager, text);
  const replies = [];
  for (const { text } of corpus.questions) {
    const from = performance.now();
    const reply = await ask(manager, text);
    replies.push({ ...reply, us: (performance.now() - from) * 1000 });
  }
  const write = (file, suffix, list) => {
    const name = `node-nlp ${version}, ${phrases.length} phrases, ${last.iterations} epochs${suffix}`;
    const run = { name, ready_ms: ready, resident_mb: processMB('VmRSS'), peak_mb: processMB('VmHWM'), replies: list };
    fs.writeFileSync(file, JSON.stringify(run));
  };
  write(outFile, '', replies);
  if (thresholdFile) {
    const silent = (r) => (r.score < threshold ? { ...r, answer: '', choices: [] } : r);
    write(thresholdFile, `, its threshold ${threshold}`, replies.map(silent));
  }
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
