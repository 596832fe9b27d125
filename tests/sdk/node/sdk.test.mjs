// Every operation of the Node SDK that the engine serves, with its parsed answer.
//
// This SDK is the older generation: it requires keys that newer ones have dropped (a metric's
// status, an issue's level and reason) and rejects an answer that lacks them, so parsing alone
// is half of each assertion. The rules themselves are tested through the Python SDK.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TrophyApi, TrophyApiError } from "@trophyso/node";
import { withServer } from "./server.mjs";

const NOW = "2026-03-02T10:00:00.000Z";

/** A test against a fresh server with the study catalog. */
function studyTest(name, run) {
    test(name, () =>
        withServer(NOW, async (world) => {
            const plan = await world.create("attributes", { name: "Plan", key: "plan", type: "user" });
            const deck = await world.create("attributes", { name: "Deck", key: "deck", type: "event" });
            const cards = await world.create("metrics", { name: "Cards", key: "cards" });
            const ten = await world.create("achievements", {
                name: "Ten",
                trigger: "metric",
                status: "active",
                metricId: cards.id,
                metricValue: 10,
                badge: { url: "https://img.example/ten.png" },
                eventAttributes: [{ attributeId: deck.id, attributeValue: "latin" }],
            });
            const tour = await world.create("achievements", {
                name: "Tour",
                trigger: "api",
                status: "active",
                key: "tour",
                userAttributes: [{ attributeId: plan.id, attributeValue: "pro" }],
            });
            const xp = await world.create("points", { name: "XP", key: "xp", maxPoints: 1000 });
            await world.create(`points/${xp.id}/levels`, { name: "Novice", key: "novice", points: 0 });
            const perCard = await world.create(`points/${xp.id}/triggers`, {
                type: "metric",
                points: 20,
                status: "active",
                metricId: cards.id,
                metricThreshold: 5,
            });
            const forTour = await world.create(`points/${xp.id}/triggers`, {
                type: "achievement",
                points: 7,
                status: "active",
                achievementId: tour.id,
            });
            await run(world, { cards, ten, tour, xp, perCard, forTour });
        }),
    );
}

/** The named fields of the answer are exactly these. */
function assertFields(actual, expected) {
    const picked = Object.fromEntries(Object.keys(expected).map((key) => [key, actual[key]]));
    assert.deepEqual(picked, expected);
}

/** The call fails with this status and the SDK could read the error body. */
async function refused(call, status, kind = TrophyApiError) {
    await assert.rejects(call, (error) => {
        assert.ok(error instanceof kind, String(error));
        assert.equal(error.statusCode, status);
        assert.equal(typeof error.body.error, "string");
        assert.notEqual(error.body.error, "");
        return true;
    });
}

studyTest("metrics.event", async ({ client }, made) => {
    // C-EVENT-01, C-EVENT-06, C-EVENT-17
    const answer = await client.metrics.event("cards", {
        user: { id: "u", tz: "Europe/London", attributes: { plan: "pro" } },
        value: 12.5,
        attributes: { deck: "latin" },
    });
    assertFields(answer, { metricId: made.cards.id, total: 12.5, leaderboards: {} });
    assert.match(answer.eventId, /^[0-9a-f-]{36}$/);
    assert.equal(answer.achievements.length, 1);
    assertFields(answer.achievements[0], {
        id: made.ten.id,
        name: "Ten",
        trigger: "metric",
        badgeUrl: "https://img.example/ten.png",
        metricId: made.cards.id,
        metricName: "Cards",
        metricValue: 10,
        userAttributes: [],
        eventAttribute: { key: "deck", value: "latin" },
        achievedAt: new Date(NOW),
    });
    assertFields(answer.currentStreak, {
        length: 1,
        frequency: "daily",
        started: "2026-03-02",
        periodStart: "2026-03-02",
        periodEnd: "2026-03-02",
        expires: "2026-03-03",
        extended: true,
        freezes: undefined,
    });
    assertFields(answer.points.xp, { id: made.xp.id, key: "xp", total: 40, added: 40, maxPoints: 1000 });
    const [award] = answer.points.xp.awards;
    assertFields(award, { awarded: 40, total: 40, date: NOW });
    assertFields(award.trigger, {
        id: made.perCard.id,
        type: "metric",
        points: 20,
        metricName: "Cards",
        metricThreshold: 5,
    });
    assertFields(answer, { idempotencyKey: undefined, idempotentReplayed: undefined });
});

studyTest("metrics.event with an idempotency key", async ({ client }) => {
    // C-IDEM-01, C-IDEM-03, C-IDEM-06
    const event = { idempotencyKey: "lesson-42", user: { id: "u" }, value: 3 };
    const first = await client.metrics.event("cards", event);
    assertFields(first, { total: 3, idempotencyKey: "lesson-42", idempotentReplayed: false });
    const replay = await client.metrics.event("cards", event);
    assertFields(replay, {
        eventId: first.eventId,
        total: 3,
        achievements: [],
        points: {},
        leaderboards: {},
        idempotencyKey: "lesson-42",
        idempotentReplayed: true,
    });
    assert.equal(replay.currentStreak.extended, false);
});

studyTest("parallel events of one user", async ({ client }) => {
    // C-GEN-20
    const events = Array.from({ length: 20 }, () =>
        client.metrics.event("cards", { user: { id: "u" }, value: 1 }),
    );
    const totals = (await Promise.all(events)).map((answer) => answer.total);
    totals.sort((a, b) => a - b);
    assert.deepEqual(totals, Array.from({ length: 20 }, (_, n) => n + 1));
});

studyTest("achievements.all", async (world, made) => {
    // C-ACH-24, C-ACH-27
    const all = await world.client.achievements.all();
    assert.deepEqual(new Set(all.map((a) => a.id)), new Set([made.ten.id, made.tour.id]));
    for (const achievement of all) {
        assertFields(achievement, { completions: 0, rarity: 0 });
    }
    const free = await world.client.achievements.all({ userAttributes: "plan:free" });
    assert.deepEqual(free.map((a) => a.id), [made.ten.id]);
});

studyTest("achievements.complete", async ({ client }, made) => {
    // C-ACH-20, C-ACH-21, C-ACH-22
    const user = { id: "u", attributes: { plan: "pro" } };
    const first = await client.achievements.complete("tour", { user });
    assert.match(first.completionId, /^[0-9a-f-]{36}$/);
    assertFields(first.achievement, {
        id: made.tour.id,
        trigger: "api",
        key: "tour",
        achievedAt: new Date(NOW),
        userAttributes: [{ key: "plan", value: "pro" }],
    });
    assertFields(first.points.xp, { added: 7, total: 7 });
    assertFields(first.points.xp.awards[0].trigger, { type: "achievement", achievementName: "Tour" });
    const again = await client.achievements.complete("tour", { user });
    assertFields(again, { completionId: first.completionId, points: {} });
    await refused(
        () => client.achievements.complete("nothing", { user }),
        404,
        TrophyApi.NotFoundError,
    );
    await refused(
        () => client.achievements.complete("tour", { user: { id: "other" } }),
        422,
        TrophyApi.UnprocessableEntityError,
    );
});

studyTest("users.create, get, identify and update", async ({ client }) => {
    // C-USER-01, C-USER-03, C-USER-04, C-USER-25
    const created = await client.users.create({
        id: "u",
        email: "ann@example.com",
        tz: "Asia/Tokyo",
        deviceTokens: ["a"],
        attributes: { plan: "free" },
    });
    assertFields(created, {
        id: "u",
        email: "ann@example.com",
        name: undefined,
        tz: "Asia/Tokyo",
        deviceTokens: ["a"],
        subscribeToEmails: true,
        attributes: { plan: "free" },
        created: new Date(NOW),
        updated: new Date(NOW),
    });
    assert.equal(typeof created.control, "boolean");
    assert.deepEqual(await client.users.get("u"), created);
    const named = await client.users.identify("u", { name: "Ann" });
    assertFields(named, { name: "Ann", email: "ann@example.com" });
    const moved = await client.users.update("u", { tz: "Europe/Paris" });
    assertFields(moved, { name: "Ann", tz: "Europe/Paris" });
    assertFields(await client.users.identify("new", {}), { id: "new", attributes: {} });
    await refused(() => client.users.get("ghost"), 404);
    await refused(() => client.users.update("ghost", { name: "x" }), 404, TrophyApi.NotFoundError);
    await refused(
        () => client.users.create({ id: "ghost", tz: "Mars/Base" }),
        422,
        TrophyApi.UnprocessableEntityError,
    );
    await refused(() => client.users.get("ghost"), 404);
});

studyTest("users.allMetrics and singleMetric", async ({ client }, made) => {
    // C-METRIC-07, C-METRIC-08, C-METRIC-09
    await client.metrics.event("cards", { user: { id: "u" }, value: 0.1 });
    await client.metrics.event("cards", { user: { id: "u" }, value: 0.2 });
    const [metric] = await client.users.allMetrics("u");
    assertFields(metric, { id: made.cards.id, key: "cards", name: "Cards", status: "active", current: 0.3 });
    assertFields(metric.achievements[0], { id: made.ten.id, achievedAt: undefined });
    assert.deepEqual(await client.users.singleMetric("u", "cards"), metric);
    await refused(() => client.users.singleMetric("u", "x"), 404, TrophyApi.NotFoundError);
});

studyTest("users.metricEventSummary and pointsEventSummary", async (world) => {
    // C-METRIC-13, C-POINTS-57
    const { client } = world;
    await client.metrics.event("cards", { user: { id: "u" }, value: 5 });
    await world.moveTo("2026-03-03T10:00:00Z");
    await client.metrics.event("cards", { user: { id: "u" }, value: -2 });
    const range = { aggregation: "daily", startDate: "2026-03-01", endDate: "2026-03-03" };
    assert.deepEqual(await client.users.metricEventSummary("u", "cards", range), [
        { date: "2026-03-01", total: 0, change: 0 },
        { date: "2026-03-02", total: 5, change: 5 },
        { date: "2026-03-03", total: 3, change: -2 },
    ]);
    assert.deepEqual(await client.users.pointsEventSummary("u", "xp", range), [
        { date: "2026-03-01", total: 0, change: 0 },
        { date: "2026-03-02", total: 20, change: 20 },
        { date: "2026-03-03", total: 20, change: 0 },
    ]);
    const backwards = { ...range, endDate: "2026-02-01" };
    await refused(
        () => client.users.metricEventSummary("u", "cards", backwards),
        422,
        TrophyApi.UnprocessableEntityError,
    );
});

studyTest("users.achievements", async ({ client }, made) => {
    // C-ACH-29
    const user = { id: "u", attributes: { plan: "pro" } };
    await client.achievements.complete("tour", { user });
    const done = await client.users.achievements("u");
    assert.deepEqual(done.map((a) => a.id), [made.tour.id]);
    assert.deepEqual(done[0].achievedAt, new Date(NOW));
    const every = await client.users.achievements("u", { includeIncomplete: "true" });
    assert.deepEqual(every.map((a) => a.id), [made.tour.id, made.ten.id]);
    assert.equal(every[1].achievedAt, undefined);
});

studyTest("users.streak", async (world) => {
    // C-STREAK-22, C-STREAK-24, C-STREAK-27
    const { client } = world;
    await world.streaks({ freezes: { startCount: 1, maxCount: 2 } });
    await client.metrics.event("cards", { user: { id: "u" }, value: 1 });
    await world.moveTo("2026-03-04T10:00:00Z");
    const streak = await client.users.streak("u", { historyPeriods: 3 });
    assertFields(streak, { length: 1, expires: "2026-03-04", freezes: 0, maxFreezes: 2, rank: 1 });
    const days = streak.streakHistory.map((item) => [item.periodStart, item.length, item.usedFreeze]);
    assert.deepEqual(days, [
        ["2026-03-02", 1, false],
        ["2026-03-03", 1, true],
        ["2026-03-04", 0, false],
    ]);
    assert.equal((await client.users.streak("u")).streakHistory.length, 7);
    await refused(() => client.users.streak("ghost"), 404, TrophyApi.NotFoundError);
});

studyTest("users.points", async ({ client }, made) => {
    // C-POINTS-54, C-POINTS-55
    await client.users.create({ id: "u" });
    assertFields(await client.users.points("u", "xp"), { id: made.xp.id, total: 0, awards: [] });
    await client.metrics.event("cards", { user: { id: "u" }, value: 5 });
    await client.metrics.event("cards", { user: { id: "u" }, value: 10 });
    const points = await client.users.points("u", "xp", { awards: 1 });
    assertFields(points, { key: "xp", name: "XP", total: 60, maxPoints: 1000 });
    assert.deepEqual(points.awards.map((award) => award.awarded), [40]);
    await refused(() => client.users.points("u", "x"), 404, TrophyApi.NotFoundError);
});

studyTest("users.wrapped", async (world, made) => {
    // C-WRAP-01, C-WRAP-05, C-WRAP-07, C-WRAP-08, C-WRAP-12
    const { client } = world;
    await client.metrics.event("cards", {
        user: { id: "u" },
        value: 12.5,
        attributes: { deck: "latin" },
    });
    await client.metrics.event("cards", { user: { id: "v" }, value: 20 });
    const { user, activity } = await client.users.wrapped("u", { year: 2026 });
    assert.deepEqual(user, await client.users.get("u"));
    assertFields(activity, { daysActive: 1, weeksActive: 1, monthsActive: 1 });
    assert.equal(activity.mostActiveDay.date, "2026-03-02");
    assert.equal(activity.mostActiveDay.metrics.cards.percentileThisPeriod, undefined);
    assertFields(activity.mostActiveWeek, { start: "2026-03-01", end: "2026-03-07" });
    assert.equal(activity.mostActiveMonth.month, 2);
    const year = activity.entireYear;
    const figures = { name: "Cards", units: undefined, currentTotal: 12.5, changeThisPeriod: 12.5, percentChange: 100 };
    assertFields(year.metrics.cards, { ...figures, percentileThisPeriod: 0 });
    assertFields(year.metrics.cards.byAttribute.deck.latin, figures);
    assertFields(year.points.xp, { name: "XP", currentTotal: 40, percentileThisPeriod: 0 });
    assert.deepEqual(year.achievements.map((one) => [one.id, one.achievedAt]), [[made.ten.id, new Date(NOW)]]);
    assert.deepEqual(year.leaderboards, {});
    assertFields(year.longestStreak, { length: 1, frequency: "daily", started: "2026-03-02" });
    const empty = await client.users.wrapped("u", { year: 2020 });
    assertFields(empty.activity.entireYear.longestStreak, { length: 0, periodStart: undefined });
    await refused(() => client.users.wrapped("u", { year: 2027 }), 422, TrophyApi.UnprocessableEntityError);
    await refused(() => client.users.wrapped("ghost"), 404, TrophyApi.NotFoundError);
});

studyTest("streaks.list", async ({ client }) => {
    // C-STREAK-65, C-STREAK-66
    await client.metrics.event("cards", { user: { id: "b" }, value: 1 });
    const listed = await client.streaks.list({ userIds: ["a", "b"] });
    assert.equal(listed.length, 2);
    assertFields(listed[0], { userId: "b", streakLength: 1, extended: NOW });
    assertFields(listed[1], { userId: "a", streakLength: 0, extended: undefined });
    await refused(() => client.streaks.list(), 422, TrophyApi.UnprocessableEntityError);
});

studyTest("points.system", async ({ client }, made) => {
    // C-POINTS-11
    const system = await client.points.system("xp");
    assertFields(system, { id: made.xp.id, name: "XP", description: undefined, maxPoints: 1000 });
    const byId = new Map(system.triggers.map((trigger) => [trigger.id, trigger]));
    assert.equal(byId.size, 2);
    assertFields(byId.get(made.perCard.id), {
        type: "metric",
        status: "active",
        metricId: made.cards.id,
        metricName: "Cards",
        metricThreshold: 5,
        created: new Date(NOW),
        updated: new Date(NOW),
    });
    assertFields(byId.get(made.forTour.id), { achievementId: made.tour.id, achievementName: "Tour" });
    await refused(() => client.points.system("x"), 404, TrophyApi.NotFoundError);
});

studyTest("points.summary", async (world, made) => {
    // C-POINTS-58, C-POINTS-59, C-ATTR-10
    const { client } = world;
    await client.users.create({ id: "none" });
    await client.metrics.event("cards", { user: { id: "u", attributes: { plan: "pro" } }, value: 15 });
    const users = async (request) => {
        const ranges = await client.points.summary("xp", request);
        assert.equal(ranges.length, 11);
        assertFields(ranges[6], { from: 51, to: 60 });
        return [ranges[0].users, ranges[6].users];
    };
    assert.deepEqual(await users(), [1, 1]);
    assert.deepEqual(await users({ userAttributes: "plan:pro" }), [0, 1]);
    await refused(() => client.points.summary("x"), 404, TrophyApi.NotFoundError);
});

studyTest("users.points with a time trigger and a boost", async (world, made) => {
    // C-POINTS-12, C-POINTS-39
    const { client } = world;
    await world.create(`points/${made.xp.id}/triggers`, {
        type: "time",
        points: 3,
        status: "active",
        timeUnit: "days",
        timeInterval: 1,
    });
    await world.create(`points/${made.xp.id}/boosts`, {
        name: "Double",
        start: "2026-03-01",
        multiplier: 2,
    });
    const system = await client.points.system("xp");
    assertFields(system.triggers.at(-1), { type: "time", timeUnit: "day", timeInterval: 1 });
    await client.metrics.event("cards", { user: { id: "u" }, value: 5 });
    const points = await client.users.points("u", "xp");
    assertFields(points, { total: 40 });
});

studyTest("admin.streaks.freezes.create", async (world) => {
    // C-GEN-29, C-ADM-09, C-STREAK-43, C-STREAK-44
    const { client } = world;
    await client.users.create({ id: "u" });
    const grant = (...users) =>
        client.admin.streaks.freezes.create({ freezes: users.map((userId) => ({ userId })) });
    const shape = ({ userId, level, reason }) => [userId, level, reason];
    assert.deepEqual((await grant("u")).issues.map(shape), [
        ["u", "error", "Streak freezes are not enabled"],
    ]);
    await world.streaks({ freezes: { startCount: 0, maxCount: 1 } });
    assert.deepEqual((await grant("u", "ghost", "u")).issues.map(shape), [
        ["ghost", "error", "User does not exist"],
        ["u", "warning", "Would exceed maximum freeze limit"],
    ]);
    assert.equal((await client.users.streak("u")).freezes, 1);
});

studyTest("admin.streaks.restore", async (world) => {
    // C-GEN-29, C-ADM-09, C-ADM-80, C-STREAK-57, C-STREAK-61
    const { client } = world;
    await client.metrics.event("cards", { user: { id: "u" }, value: 1 });
    const restore = (...ids) => client.admin.streaks.restore({ users: ids.map((id) => ({ id })) });
    const shape = ({ userId, level, reason }) => [userId, level, reason];
    const none = await restore("u", "ghost");
    assert.deepEqual(none.restoredUsers, []);
    assert.deepEqual(none.issues.map(shape), [
        ["u", "warning", "No streak to restore"],
        ["ghost", "error", "User does not exist"],
    ]);
    await world.send("POST", "/admin/v1/streaks/reset", { users: [{ id: "u" }] });
    assert.equal((await client.users.streak("u")).length, 0);
    assert.deepEqual((await restore("u")).restoredUsers, ["u"]);
    assert.equal((await client.users.streak("u")).length, 1);
});

studyTest("streaks.rankings", async (world) => {
    // C-STREAK-67, C-STREAK-68
    const { client } = world;
    await client.users.create({ id: "a", name: "Ann" });
    await client.users.create({ id: "zero" });
    for (const id of ["b", "a"]) await client.metrics.event("cards", { user: { id }, value: 1 });
    const shape = ({ userId, name, streakLength }) => [userId, name ?? null, streakLength];
    for (const type of ["active", "longest"]) {
        assert.deepEqual((await client.streaks.rankings({ type })).map(shape), [
            ["a", "Ann", 1],
            ["b", null, 1],
        ]);
    }
    assert.deepEqual((await client.streaks.rankings({ limit: 1 })).map(shape), [["a", "Ann", 1]]);
});

studyTest("leaderboards and users.leaderboard", async (world, { cards }) => {
    // C-LB-59, C-LB-62, C-LB-68, C-LB-75
    const { client } = world;
    const fields = { rankBy: "metric", metricId: cards.id, status: "active", start: "2026-03-02" };
    await world.create("leaderboards", { name: "Weekly", key: "weekly", runUnit: "day", runInterval: 7, ...fields });
    await client.metrics.event("cards", { user: { id: "a", name: "Ann" }, value: 5 });
    const answer = await client.metrics.event("cards", { user: { id: "b" }, value: 7 });
    assertFields(answer.leaderboards.weekly, { rank: 1, threshold: 1, start: "2026-03-02", end: "2026-03-08" });
    const [listed] = await client.leaderboards.all();
    assertFields(listed, { key: "weekly", status: "active", maxParticipants: 1000, metricKey: "cards" });
    const shape = ({ userId, userName, rank, value }) => [userId, userName ?? null, rank, value];
    const board = await client.leaderboards.get("weekly", { limit: 5 });
    assert.deepEqual(board.rankings.map(shape), [
        ["b", null, 1, 7],
        ["a", "Ann", 2, 5],
    ]);
    const place = await client.users.leaderboard("a", "weekly");
    assertFields(place, { rank: 2, value: 5 });
    const day = ({ date, previousRank, rank, value }) => [date, previousRank ?? null, rank, value];
    assert.deepEqual(place.history.map(day), [["2026-03-02", null, 2, 5]]);
    await refused(() => client.leaderboards.get("nothing"), 404, TrophyApi.NotFoundError);
});

studyTest("a wrong key", async (world) => {
    // C-AUTH-15
    const client = world.clientWith("testkey1.wrong");
    await refused(
        () => client.metrics.event("cards", { user: { id: "u" }, value: 1 }),
        401,
        TrophyApi.UnauthorizedError,
    );
    await refused(() => client.achievements.all(), 401, TrophyApi.UnauthorizedError);
});
