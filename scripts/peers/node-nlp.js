// Trains node-nlp on the phrases of corpus.json (written by TestPeers in bot/release) and asks
// it the questions. Arguments: corpus.json, the file for the figures.
'use strict';

const fs = require('fs');
console.log = (...line) => console.error('node-nlp:', ...line); // standard output is the table's
const { NlpManager } = require('node-nlp');

// node-nlp trains until its error hardly changes, at most `iterations` times over the phrases
// (its own default: 20000).
const iterations = Number(process.env.SHENWEI_PEERS_EPOCHS || 200);
const threshold = 0.5; // node-nlp's own: below it, it calls the intent None

const [, , corpusFile, outFile] = process.argv;
const corpus = JSON.parse(fs.readFileSync(corpusFile, 'utf8'));

const memory = (key) => {
  const line = /^Vm\w+:.*/gm;
  const status = fs.existsSync('/proc/self/status') ? fs.readFileSync('/proc/self/status', 'utf8') : '';
  const found = (status.match(line) || []).find((l) => l.startsWith(key + ':'));
  return found ? Math.floor(Number(found.replace(/\D/g, '')) / 1024) : 0;
};

function newManager(epoch) {
  const manager = new NlpManager({
    languages: ['zh'],
    autoSave: false,
    autoLoad: false,
    calculateSentiment: false,
    threshold: 0, // applied below, so that one run shows both
    nlu: { log: epoch },
  });
  return manager;
}

async function train() {
  let last = { iterations: 0 };
  let said = Date.now();
  const manager = newManager((status) => {
    last = { ...status };
    if (status.iterations === 1 || Date.now() - said > 10000) {
      said = Date.now();
      console.log(`epoch ${status.iterations} of at most ${iterations}, error ${status.error.toExponential(2)}`);
    }
  });
  for (const manager1 of Object.values(manager.nlp.nluManager.domainManagers)) {
    for (const nlu of Object.values(manager1.domains)) nlu.settings.iterations = iterations;
  }
  for (const { text, label } of corpus.phrases) manager.addDocument('zh', text, label);
  await manager.train();
  return { manager, last };
}

async function ask(manager, text) {
  const { classifications } = await manager.process('zh', text);
  const named = classifications.filter((c) => c.intent !== 'None' && c.score > 0).slice(0, 5);
  const best = named[0];
  return { answer: best ? best.intent : '', choices: named.map((c) => c.intent), score: classifications[0].score };
}

async function main() {
  const start = performance.now();
  const { manager, last } = await train();
  const ready = performance.now() - start;
  console.log(`trained ${corpus.phrases.length} phrases, ${last.iterations} epochs, ${(ready / 1000).toFixed(1)} s`);
  for (const text of corpus.warm_up) await ask(manager, text);
  const replies = [];
  for (const { text } of corpus.questions) {
    const from = performance.now();
    const reply = await ask(manager, text);
    replies.push({ ...reply, us: (performance.now() - from) * 1000 });
  }
  const run = (name, list, notes) => ({ name, ready_ms: ready, resident_mb: memory('VmRSS'), peak_mb: memory('VmHWM'), notes, replies: list });
  const bounded = replies.map((r) => (r.score < threshold ? { ...r, answer: '', choices: [] } : r));
  const why = last.iterations < iterations ? 'it stopped by itself' : 'the bound';
  fs.writeFileSync(outFile, JSON.stringify(run('node-nlp, best intent', replies, [
    `node-nlp ${require('node-nlp/package.json').version}: ${corpus.phrases.length} phrases, ${last.iterations} epochs (${why}), last error ${last.error.toExponential(2)}.`,
  ])));
  fs.writeFileSync(outFile.replace(/\.json$/, '-threshold.json'), JSON.stringify(run(`node-nlp, its threshold ${threshold}`, bounded, [])));
}

main().catch((err) => {
  console.error(err);
  process.exit(1);
});
