// Runs code in one lasting global scope, for the agent that started this program.
//
// Requests come on descriptor 3 and answers go out on descriptor 4, one JSON object a line, so that whatever the code does with
// standard input and output disturbs neither. Requests are read by a second thread, which also cuts off code that does not let go.
'use strict';

const fs = require('node:fs');
const inspector = require('node:inspector');
const modules = require('node:module');
const path = require('node:path');
const util = require('node:util');
const { Worker } = require('node:worker_threads');

const ANSWERS = 4;
const BREAK = Symbol('interrupted');
const language = process.argv[2];
const { stringify, parse } = JSON;
const writeSync = fs.writeSync;

// [0]: how often this thread has looked at what the other one sent.
const heard = new Int32Array(new SharedArrayBuffer(4));

const reader = new Worker(
  `
  const { parentPort, workerData: heard } = require('node:worker_threads');
  const { Session } = require('node:inspector');
  const { Socket } = require('node:net');
  const PATIENCE = 100;
  let sent = 0;
  let rest = '';
  const requests = new Socket({ fd: 3, readable: true, writable: false });
  requests.setEncoding('utf8');
  requests.on('data', text => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop();
    for (const line of lines) {
      const request = JSON.parse(line);
      parentPort.postMessage(request);
      sent++;
      if (request.interrupt && Atomics.wait(heard, 0, sent - 1, PATIENCE) !== 'not-equal' && Atomics.load(heard, 0) < sent) {
        const session = new Session();
        session.connectToMainThread();
        session.post('Runtime.terminateExecution', () => session.disconnect());
      }
    }
  });
  requests.on('close', () => process.exit(0));
  `,
  { eval: true, workerData: heard, stdin: false, execArgv: [], env: {} },
);

function answer(fields) {
  // Half a surrogate pair, which a text can hold, is no JSON that others read.
  const text = stringify(fields).replace(/\\(?:u(d[89a-f][0-9a-f]{2})|.)/g, (escape, half) => (half ? '\\ufffd' : escape));
  const line = Buffer.from(text + '\n');
  for (let done = 0; done < line.length; ) {
    try {
      done += writeSync(ANSWERS, line, done);
    } catch (failure) {
      if (failure.code !== 'EAGAIN') throw failure;
    }
  }
}

const session = new inspector.Session();
session.connect();
const post = (method, parameters) =>
  new Promise((resolve, reject) => session.post(method, parameters, (failure, value) => (failure ? reject(failure) : resolve(value))));

/** The object's forms by media type, as Jupyter has them. */
function bundle(value) {
  const data = {};
  try {
    data['text/plain'] = typeof value === 'string' ? value : util.inspect(value);
  } catch (failure) {
    data['text/plain'] = `<a value that cannot be shown: ${failure}>`;
  }
  try {
    const prototype = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
    if (Array.isArray(value) || prototype === Object.prototype || prototype === null) {
      const text = stringify(value);
      if (text !== undefined) data['application/json'] = parse(text);
    }
  } catch {
    // It is not data: a cycle, a BigInt.
  }
  return data;
}

function describe(value) {
  const isError = util.types.isNativeError(value) || value instanceof Error;
  let text;
  try {
    text = isError ? String(value.stack ?? value) : `Uncaught ${util.inspect(value)}`;
  } catch {
    text = 'an error that cannot be shown';
  }
  // What called the code is ours, or node's.
  const all = text.split('\n');
  const end = all.findIndex(line => /^\s+at /.test(line) && (line.includes(__filename) || /node:|FixedQueue|new Promise \(<anonymous>\)/.test(line)));
  const lines = end < 0 ? all : all.slice(0, end);
  return {
    name: isError ? String(value.name) : typeof value,
    value: isError ? String(value.message) : text.slice('Uncaught '.length),
    traceback: lines.map(line => line.replaceAll('<anonymous>', file())),
  };
}

let count = 0;
const file = () => `<run ${count}>`;

// What evaluated code is given, under a name that none of it uses.
const KEY = '__sandbox';
Object.defineProperty(globalThis, KEY, {
  value: Object.freeze({
    import: (specifier, options) => {
      const found = String(specifier);
      const isPath = /^\.{0,2}\//.test(found);
      return import(isPath ? require('node:url').pathToFileURL(path.resolve(found)).href : resolveBare(found), options);
    },
    bundle,
    describe,
  }),
});

function resolveBare(specifier) {
  if (specifier.includes(':') || modules.builtinModules.includes(specifier)) return specifier;
  // As seen from the working directory, not from where this program lies.
  try {
    return require('node:url').pathToFileURL(modules.createRequire(process.cwd() + '/').resolve(specifier)).href;
  } catch {
    return specifier;
  }
}

/** Replaces the import() of dynamic imports, which V8 does not resolve in evaluated code, by our own. What stands in texts, comments and patterns stays. */
function withImports(code) {
  if (!code.includes('import')) return code;
  // Each alternative is one token: comments, strings, patterns (where one can stand), words, anything else.
  const token =
    /\/\/[^\n]*|\/\*[^]*?\*\/|'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"|[\p{ID_Start}$_][\p{ID_Continue}$]*|\d[\w.]*|\s+|[^]/uy;
  const pattern = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/uy;
  const beforePattern = new Set(['return', 'typeof', 'case', 'in', 'of', 'delete', 'void', 'throw', 'new', 'else', 'do', 'await', 'yield', 'instanceof']);
  let result = '';
  let last = '';
  const templates = [];
  let depth = 0;
  let at = 0;
  const template = () => {
    // From behind the opening mark, or behind a '}', to the next '${' or the end.
    const end = /(?:\\[^]|\$(?!\{)|[^`\\$])*(?:`|\$\{)/uy;
    end.lastIndex = at;
    const found = end.exec(code)?.[0] ?? code.slice(at);
    result += found;
    at += found.length;
    if (found.endsWith('${')) {
      templates.push(depth);
      last = '{';
    } else {
      last = '`';
    }
  };
  while (at < code.length) {
    token.lastIndex = at;
    let word = token.exec(code)[0];
    if (word === '/' && (last === '' || beforePattern.has(last) || /^[^\p{ID_Continue}$)\]}`'"]$/u.test(last))) {
      pattern.lastIndex = at;
      word = pattern.exec(code)?.[0] ?? word;
    }
    at += word.length;
    if (word === '`') {
      result += word;
      template();
      continue;
    }
    if (word === '{') depth++;
    if (word === '}' && templates.length > 0 && templates.at(-1) === depth) {
      templates.pop();
      result += word;
      template();
      continue;
    }
    if (word === '}') depth--;
    const isCall = word === 'import' && last !== '.' && /^\s*\(/u.test(code.slice(at, at + 100));
    result += isCall ? `${KEY}.import` : word;
    if (!/^(?:\s|\/\/|\/\*)/u.test(word)) last = word;
  }
  return result;
}

let typescript;
function toJavaScript(code) {
  if (language !== 'typescript') return code;
  if (typescript === undefined) {
    // The working directory's own, else what this node knows of, else where packages put it, which only the distribution's own node knows.
    const places = ['/usr/share/nodejs', '/usr/lib/node_modules', '/usr/local/lib/node_modules'];
    typescript = null;
    for (const name of ['typescript', ...places.map(place => `${place}/typescript`)]) {
      try {
        typescript = require(require.resolve(name, { paths: [process.cwd()] }));
        break;
      } catch {
        // The next may be there.
      }
    }
  }
  if (typescript) {
    const { outputText, diagnostics } = typescript.transpileModule(code, {
      reportDiagnostics: true,
      compilerOptions: { module: typescript.ModuleKind.CommonJS, target: typescript.ScriptTarget.ES2022, esModuleInterop: true, removeComments: false },
    });
    const wrong = diagnostics.filter(item => item.category === typescript.DiagnosticCategory.Error);
    if (wrong.length > 0) throw new SyntaxError(typescript.flattenDiagnosticMessageText(wrong[0].messageText, '\n'));
    return outputText;
  }
  return modules.stripTypeScriptTypes(code, { mode: 'transform' });
}

function canReadTypeScript() {
  if (language !== 'typescript') return true;
  try {
    toJavaScript('0');
    return true;
  } catch {
    return false;
  }
}

/** Calls one of our functions with a value of the evaluated code. */
async function call(name, remote) {
  const { result } = await post('Runtime.evaluate', { expression: KEY });
  const argument = remote.objectId ? { objectId: remote.objectId } : remote.unserializableValue ? { unserializableValue: remote.unserializableValue } : { value: remote.value };
  const { result: shown } = await post('Runtime.callFunctionOn', {
    objectId: result.objectId,
    functionDeclaration: `function (value) { return this.${name}(value); }`,
    arguments: [argument],
    returnByValue: true,
  });
  return shown.value;
}

async function evaluate(code) {
  const { result, exceptionDetails } = await post('Runtime.evaluate', { expression: withImports(toJavaScript(code)), replMode: true, awaitPromise: true, generatePreview: false });
  if (exceptionDetails) return { error: await call('describe', exceptionDetails.exception ?? { value: exceptionDetails.text }) };
  return result.type === 'undefined' ? {} : { data: await call('bundle', result) };
}

function apply(changes) {
  const before = {};
  for (const [name, value] of Object.entries(changes)) {
    before[name] = process.env[name] ?? null;
    if (value === null) delete process.env[name];
    else process.env[name] = value;
  }
  return before;
}

let interrupt = null;

async function run(request) {
  count++;
  const before = apply(request.env ?? {});
  const interrupted = new Promise(resolve => (interrupt = () => resolve(BREAK)));
  let outcome;
  try {
    outcome = await Promise.race([evaluate(request.code), interrupted]);
  } catch (failure) {
    // The inspector says of code that was cut off only that it was.
    outcome = failure.code === 'ERR_INSPECTOR_COMMAND' ? BREAK : { error: describe(failure) };
  }
  interrupt = null;
  if (outcome === BREAK) outcome = { error: { name: 'Interrupted', value: 'The code was interrupted.', traceback: [] } };
  apply(before);
  if (outcome.data) answer({ type: 'result', kind: 'result', data: outcome.data });
  answer({ type: 'done', run: request.run, error: outcome.error ?? null, count });
}

reader.on('message', request => {
  Atomics.add(heard, 0, 1);
  Atomics.notify(heard, 0);
  if (request.interrupt) interrupt?.();
  else void run(request);
});
process.on('exit', () => session.disconnect());
reader.on('exit', () => process.exit(0));

// An error that comes when nobody waits for it is told, as node tells it, but does not end the state of all that went before.
const tell = failure => writeSync(2, describe(failure).traceback.join('\n') + '\n');
process.on('uncaughtException', tell);
process.on('unhandledRejection', tell);

globalThis.require = modules.createRequire(process.cwd() + '/');
globalThis.module = { exports: {} };
globalThis.exports = globalThis.module.exports;
globalThis.display = value => answer({ type: 'result', kind: 'display', data: bundle(value) });
process.argv.splice(1);

answer(canReadTypeScript() ? { type: 'ready' } : { type: 'missing' });
