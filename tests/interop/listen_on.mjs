// Preloaded into the servers of the TypeScript SDK: some listen on a port that is written into them.
// Listens on 127.0.0.1 and the port of the environment variable LISTEN_ON instead, and says so.
import { Server } from 'node:net';

const port = Number(process.env.LISTEN_ON);
const { listen } = Server.prototype;
if (port) {
    Server.prototype.listen = function (...given) {
        this.once('listening', () => console.error(`listening on port ${port}`));
        return listen.call(this, port, '127.0.0.1', ...given.filter(each => typeof each === 'function'));
    };
}
