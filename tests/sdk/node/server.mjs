// Starts the server under test and talks to it the way the SDK cannot.
//
// The Node SDK has two admin operations only, so configuration goes through plain HTTP here.
// Nothing waits for a fixed time: a start ends with the listening line, a stop with the exit.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";
import { TrophyApiClient } from "@trophyso/node";

const ADMIN_KEY = "testkey1.0123456789abcdefghijklmnopqrstuv";

/** Runs `use(world)` against a fresh server in virtual time, then stops it cleanly. */
export async function withServer(clock, use) {
    const directory = await mkdtemp(join(tmpdir(), "accolade-"));
    const server = launch(join(directory, "data"), clock);
    try {
        const url = await server.listening;
        await use(new World(url));
        server.process.kill("SIGTERM");
        assert.equal(await server.exit, 0, server.log());
    } finally {
        server.process.kill("SIGKILL");
        await server.exit;
        await rm(directory, { recursive: true, force: true });
    }
}

function launch(data, clock) {
    const args = ["serve", "--data", data, "--listen", "127.0.0.1:0", "--test-clock", clock];
    const child = spawn(process.env.ACCOLADE_BIN, args, {
        env: { ...process.env, ACCOLADE_ADMIN_KEY: ADMIN_KEY },
        stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (text) => (log += text));
    const exit = new Promise((resolve) => {
        child.once("exit", resolve);
        child.once("error", resolve);
    });
    const listening = new Promise((resolve, reject) => {
        createInterface({ input: child.stdout }).once("line", (line) => {
            const match = /^accolade listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(line);
            match ? resolve(match[1]) : reject(new Error(`unexpected line: ${line}`));
        });
        child.once("error", reject);
        exit.then((code) => reject(new Error(`exit code ${code} before listening: ${log}`)));
    });
    return { process: child, exit, listening, log: () => log };
}

/** One running server: the SDK client, the clock and what builds the configuration. */
class World {
    constructor(url) {
        this.url = url;
        this.client = this.clientWith(ADMIN_KEY);
    }

    clientWith(apiKey) {
        const environment = { api: `${this.url}/v1`, admin: `${this.url}/admin/v1` };
        return new TrophyApiClient({ environment, apiKey });
    }

    async send(method, path, body) {
        const response = await fetch(this.url + path, {
            method,
            headers: { "X-API-KEY": ADMIN_KEY, "Content-Type": "application/json" },
            body: JSON.stringify(body),
        });
        const answer = await response.json();
        assert.ok(response.ok, `${method} ${path}: ${response.status} ${JSON.stringify(answer)}`);
        return answer;
    }

    async moveTo(instant) {
        await this.send("POST", "/admin/v1/clock/advance", { to: instant });
    }

    /** Creates one record of an admin resource, without any issue, and returns it. */
    async create(resource, item) {
        const answer = await this.send("POST", `/admin/v1/${resource}`, [item]);
        assert.deepEqual(answer.issues, []);
        return answer.created[0];
    }

    async streaks(settings) {
        return this.send("PATCH", "/admin/v1/streaks/settings", settings);
    }
}
