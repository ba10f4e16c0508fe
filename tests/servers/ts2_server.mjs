// A server on the official TypeScript SDK 2.x (both eras): `stdio`, or `http PORT`; the environment variable
// PACKAGES names the folder with node_modules. Its tools are ours, the server is the SDK's. They report
// progress, tell whether a cancellation reached them, ask the client, publish updates and change the lists.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.PACKAGES}/`);
const { McpServer, ResourceTemplate, completable, createMcpHandler, inputRequired, inputResponse, isLegacyRequest, ProtocolError } =
    require('@modelcontextprotocol/server');
const { serveStdio } = require('@modelcontextprotocol/server/stdio');
const { NodeStreamableHTTPServerTransport, toNodeHandler } = require('@modelcontextprotocol/node');
const { z } = require('zod');

const NAMES = ['Ada', 'Adele', 'Alan', 'Grace'];
const COUNTER = 'deck://counter';
const seen = { cancelled: 0, counter: 0, grown: false };
const text = value => ({ content: [{ type: 'text', text: String(value) }] });
const names = value => NAMES.filter(name => name.startsWith(value));
const person = {
    message: 'Who are you?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string' }, age: { type: 'integer' } }, required: ['name'] }
};
// Modern HTTP has no standing connection: its subscribers listen on the bus of the handler.
let bus = null;
const sessions = new Map();

function build(context) {
    const legacy = context?.era !== 'modern';
    const server = new McpServer(
        { name: 'ts2', version: '2.0.0' },
        {
            capabilities: { logging: {}, tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
            instructions: 'Adds, counts, asks and fails.'
        }
    );
    const subscribed = new Set();
    const tool = (name, description, inputSchema, handler) =>
        server.registerTool(name, { description, inputSchema: z.object(inputSchema) }, handler);

    server.registerTool(
        'add',
        { description: 'Add two numbers.', inputSchema: z.object({ a: z.number(), b: z.number() }), outputSchema: z.object({ sum: z.number() }) },
        ({ a, b }) => ({ ...text(a + b), structuredContent: { sum: a + b } })
    );
    tool('count', 'Report progress for each step.', { upto: z.number().int() }, async ({ upto }, { mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken;
        for (let step = 1; step <= upto && progressToken !== undefined; step++) {
            const params = { progressToken, progress: step, total: upto, message: `step ${step}` };
            await mcpReq.notify({ method: 'notifications/progress', params });
        }
        return text(`counted to ${upto}`);
    });
    tool('fail', 'Always fails.', { message: z.string() }, ({ message }) => {
        throw new Error(message);
    });
    tool('refuse', 'Answers with a JSON-RPC error.', {}, () => {
        throw new ProtocolError(-32602, 'this will not do', { why: 1 });
    });
    tool('hang', 'Say that it began, then wait for a cancellation.', {}, async (_, { mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken;
        if (progressToken !== undefined) {
            await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2, message: 'hanging' } });
        }
        await new Promise(resolve => mcpReq.signal.addEventListener('abort', resolve));
        seen.cancelled++;
        return text('never');
    });
    tool('cancellations', 'How often `hang` was cancelled.', {}, () => text(seen.cancelled));
    tool('ask', 'Ask the person at the client.', {}, (_, { mcpReq }) => {
        const answer = inputResponse(mcpReq.inputResponses, 'who');
        if (answer.kind === 'missing') return inputRequired({ inputRequests: { who: inputRequired.elicit(person) } });
        return text(answer.action === 'accept' ? `accept: ${answer.content.name} is ${answer.content.age ?? 30}` : answer.action);
    });
    tool('sample', "Ask the client's model.", { prompt: z.string() }, ({ prompt }, { mcpReq }) => {
        const answer = inputResponse(mcpReq.inputResponses, 'model');
        if (answer.kind === 'missing') {
            const messages = [{ role: 'user', content: { type: 'text', text: prompt } }];
            return inputRequired({ inputRequests: { model: inputRequired.createMessage({ messages, maxTokens: 50 }) } });
        }
        return text(`${answer.result.model} says: ${answer.result.content.text}`);
    });
    tool('roots', "The client's roots, one a line.", {}, (_, { mcpReq }) => {
        const answer = inputResponse(mcpReq.inputResponses, 'roots');
        if (answer.kind === 'missing') return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
        return text(answer.roots.map(root => `${root.name ?? '-'} ${root.uri}`).join('\n'));
    });
    tool('visit', 'Send the person to a page.', {}, (_, { mcpReq }) => {
        const answer = inputResponse(mcpReq.inputResponses, 'consent');
        if (answer.kind !== 'missing') return text(answer.action);
        const page = inputRequired.elicitUrl({ message: 'Please agree', url: 'https://example.com/consent?case=1' });
        return inputRequired({ inputRequests: { consent: page } });
    });
    tool('log', "Write to the client's log.", { text: z.string(), level: z.string().default('info') }, async (args, { mcpReq }) => {
        await mcpReq.log(args.level, args.text, 'deck');
        return text('logged');
    });
    tool('touch', 'Change the counter and tell those who subscribed to it.', {}, async () => {
        seen.counter++;
        bus?.notify.resourceUpdated(COUNTER);
        if (legacy ? subscribed.has(COUNTER) : !bus) await server.server.sendResourceUpdated({ uri: COUNTER });
        return text(seen.counter);
    });
    tool('forget', 'Lose every HTTP session, as a server that was started anew would have.', {}, () => {
        sessions.clear();
        return text('forgotten');
    });
    const grown = () => server.registerTool('grown', { description: 'Was not there before.' }, () => text('here'));
    if (seen.grown) grown();
    tool('grow', 'Add a tool and say that the list changed.', {}, () => {
        seen.grown = true;
        grown();
        bus?.notify.toolsChanged();
        return text('grown');
    });

    server.registerResource('counter', COUNTER, { mimeType: 'text/plain' }, () => ({
        contents: [{ uri: COUNTER, mimeType: 'text/plain', text: String(seen.counter) }]
    }));
    const template = new ResourceTemplate('deck://greetings/{name}', { list: undefined, complete: { name: names } });
    server.registerResource('greeting', template, { mimeType: 'text/plain' }, (uri, { name }) => ({
        contents: [{ uri: uri.href, mimeType: 'text/plain', text: `Hello, ${name}!` }]
    }));
    server.registerPrompt('greet', { description: 'A greeting to continue.', argsSchema: z.object({ name: completable(z.string(), names) }) }, ({ name }) => ({
        messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name} warmly.` } }]
    }));
    server.server.setRequestHandler('resources/subscribe', ({ params }) => (subscribed.add(params.uri), {}));
    server.server.setRequestHandler('resources/unsubscribe', ({ params }) => (subscribed.delete(params.uri), {}));
    return server;
}

function serveHttp(port) {
    bus = createMcpHandler(build, { legacy: 'reject' });
    const modern = toNodeHandler(bus);
    const legacy = async (req, res, body) => {
        let transport = sessions.get(req.headers['mcp-session-id']);
        if (!transport) {
            if (req.headers['mcp-session-id']) return res.writeHead(404).end();
            transport = new NodeStreamableHTTPServerTransport({
                sessionIdGenerator: randomUUID,
                onsessioninitialized: id => void sessions.set(id, transport)
            });
            transport.onclose = () => sessions.delete(transport.sessionId);
            await build().connect(transport);
        }
        return transport.handleRequest(req, res, body);
    };
    const listener = async (req, res) => {
        const chunks = [];
        for await (const chunk of req) chunks.push(chunk);
        const body = chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : undefined;
        const asked = new Request(`http://127.0.0.1${req.url}`, {
            method: req.method,
            headers: Object.fromEntries(Object.entries(req.headers).map(([name, value]) => [name, String(value)])),
            body: body === undefined ? undefined : JSON.stringify(body)
        });
        return (await isLegacyRequest(asked, body)) ? legacy(req, res, body) : modern(req, res, body);
    };
    createServer((req, res) => void listener(req, res)).listen(port, '127.0.0.1', () => console.error(`listening on port ${port}`));
}

if (process.argv[2] === 'http') serveHttp(Number(process.argv[3]));
else serveStdio(build);
