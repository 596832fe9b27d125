// A webhook received the way a Node service receives it: the raw body, `createHmac`, one header.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { test } from "node:test";
import { withServer } from "./server.mjs";

const NOW = "2026-03-02T10:00:00.000Z";

/** Runs `use(url, received)` beside a receiver that keeps every request it gets. */
async function withReceiver(use) {
    const received = [];
    const receiver = createServer((request, response) => {
        const chunks = [];
        request.on("data", (chunk) => chunks.push(chunk));
        request.on("end", () => {
            received.push({ headers: request.headers, body: Buffer.concat(chunks) });
            response.end();
        });
    });
    await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
    try {
        await use(`http://127.0.0.1:${receiver.address().port}/`, received);
    } finally {
        receiver.closeAllConnections();
        receiver.close();
    }
}

// C-WH-10, C-WH-11, C-WH-13
test("signatures verify with the secret as it is shown", () =>
    withServer(NOW, (world) =>
        withReceiver(async (url, received) => {
            const types = ["achievement.completed", "streak.started", "points.changed"];
            const { id, secret } = await world.create("webhooks", {
                name: "Hook",
                url,
                events: types,
            });
            for (const type of types) {
                await world.send("POST", `/admin/v1/webhooks/${id}/sample`, { type });
            }
            await world.moveTo(NOW);
            assert.deepEqual(received.map(({ body }) => JSON.parse(body).type).sort(), types.sort());
            const { standardWebhooksSecret } = await world.send(
                "GET",
                `/admin/v1/webhooks/${id}/secret`,
            );
            const key = Buffer.from(standardWebhooksSecret.slice("whsec_".length), "base64");
            for (const { headers, body } of received) {
                const expected = createHmac("sha256", secret).update(body).digest("base64");
                assert.equal(headers["x-trophy-signature"], expected);
                const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
                const standard = createHmac("sha256", key).update(signed).digest("base64");
                assert.equal(headers["webhook-signature"], `v1,${standard}`);
            }
        }),
    ));
