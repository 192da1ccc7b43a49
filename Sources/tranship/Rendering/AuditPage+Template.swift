// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension AuditPage {
    /// The mark by which a later report recognizes a page that it may replace.
    static let mark = #"<meta name="generator" content="Tranship">"#

    /// The page around the data. Its content security policy forbids every request.
    static let template = #"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        \#(mark)
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
        <title>%TITLE%</title>
        <style>
        :root { color-scheme: light dark; --back: #fff; --text: #1c2024; --soft: #60666e;
          --line: #d9dde2; --panel: #f4f6f8; --bad: #c62828; --good: #2e7d32;
          --reading: #90a4ae; --read: #78909c; --registered: #b39ddb; --sending: #1e88e5;
          --importing: #fb8c00; --verifying: #8e24aa; --publishing: #00897b; }
        :root.dark { --back: #14171a; --text: #e6e9ec; --soft: #9aa3ad; --line: #2f353c;
          --panel: #1d2126; --bad: #ef5350; --good: #66bb6a; }
        @media (prefers-color-scheme: dark) { :root:not(.light) { --back: #14171a;
          --text: #e6e9ec; --soft: #9aa3ad; --line: #2f353c; --panel: #1d2126;
          --bad: #ef5350; --good: #66bb6a; } }
        body { margin: 0 auto; max-width: 1200px; padding: 16px 24px 48px; font: 14px/1.45
          system-ui, sans-serif; background: var(--back); color: var(--text); }
        h1 { font-size: 20px; margin: 0 0 2px; }
        h2 { font-size: 15px; margin: 24px 0 8px; }
        .soft { color: var(--soft); }
        .cards { display: flex; flex-wrap: wrap; gap: 8px; margin: 16px 0; }
        .card { background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
          padding: 8px 14px; min-width: 90px; }
        .card b { display: block; font-size: 18px; }
        .bad { color: var(--bad); }
        svg { width: 100%; height: 120px; background: var(--panel); border-radius: 6px; }
        svg path { fill: var(--sending); fill-opacity: .35; stroke: var(--sending); }
        .bar { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 8px 0; }
        input, button { font: inherit; color: inherit; background: var(--panel);
          border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; }
        input { flex: 1 1 220px; }
        button { cursor: pointer; }
        button[aria-pressed=true] { border-color: var(--sending); font-weight: 600; }
        .legend span { margin-right: 12px; white-space: nowrap; }
        .legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px;
          margin-right: 4px; }
        details { border-bottom: 1px solid var(--line); }
        summary, .head { display: grid; grid-template-columns: 260px 90px 80px 1fr; gap: 8px;
          align-items: center; padding: 2px 0; }
        summary { list-style: none; cursor: pointer; }
        .head { position: sticky; top: 0; z-index: 1; background: var(--back);
          border-bottom: 1px solid var(--line); }
        #axis { display: flex; justify-content: space-between; }
        summary::-webkit-details-marker { display: none; }
        summary > span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        .track { position: relative; height: 14px; background: var(--panel);
          border-radius: 3px; }
        .track i { position: absolute; top: 0; bottom: 0; min-width: 2px; border-radius: 2px; }
        dl { display: grid; grid-template-columns: 130px 1fr; margin: 4px 0 12px 16px; }
        dt { color: var(--soft); }
        dd { margin: 0; overflow-wrap: anywhere; }
        </style>
        </head>
        <body>
        <h1 id="title"></h1>
        <div class="soft" id="facts"></div>
        <div id="end"></div>
        <div class="cards" id="cards"></div>
        <h2>Throughput</h2>
        <svg id="throughput" viewBox="0 0 1000 120" preserveAspectRatio="none"></svg>
        <div class="soft" id="peak"></div>
        <h2>Transfers</h2>
        <div class="bar">
        <input id="filter" type="search" placeholder="Filter by name, target, state or id"
          aria-label="Filter">
        <button id="failures" aria-pressed="false">Failures only</button>
        <button id="theme">Light or dark</button>
        <span class="soft" id="count"></span>
        </div>
        <div class="legend soft" id="legend"></div>
        <div class="head soft"><span>image → target</span><span>state</span>
        <span class="number">size</span><span id="axis"></span></div>
        <div id="rows"></div>
        <script type="application/json" id="data">%DATA%</script>
        <script>
        "use strict";
        const { run, transfers } = JSON.parse(document.getElementById("data").textContent);
        const at = id => document.getElementById(id);
        const stages = %STAGES%;
        const make = (tag, text, name) => {
          const element = document.createElement(tag);
          if (text !== undefined) element.textContent = text;
          if (name) element.className = name;
          return element;
        };
        // A name that is written from right to left does not turn its neighbours around.
        const apart = text => make("bdi", text);
        const bytes = count => {
          if (count === undefined) return "?";
          const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
          let unit = 0;
          while (count >= 1024 && unit < units.length - 1) { count /= 1024; unit += 1; }
          return (unit ? count.toFixed(1) : count) + " " + units[unit];
        };
        const span = ms => {
          const s = Math.round(ms / 1000);
          if (s < 60) return s + " s";
          if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
          return Math.floor(s / 3600) + " h " + Math.floor(s % 3600 / 60) + " min";
        };
        const isBad = t => t.state === "failed" || t.state === "unpublished";
        transfers.sort((a, b) => isBad(b) - isBad(a) || (a.began || 0) - (b.began || 0));
        const worked = transfers.filter(t => t.began !== undefined);
        const first = Math.min(...worked.map(t => t.began));
        const last = Math.max(...worked.map(t => t.until), first + 1);

        // What each transfer did when: from one state to the next.
        const segments = t => (t.stages || []).map((step, index) => ({
          state: step.state, from: step.at,
          to: index + 1 < t.stages.length ? t.stages[index + 1].at
            : stages.includes(step.state) ? t.until : step.at,
        })).filter(s => stages.includes(s.state));

        at("title").textContent = run.pipeline + ", run " + run.run;
        at("facts").textContent = [run.outcome || "not ended",
          run.exit_status === undefined ? "" : "exit " + run.exit_status, "started " + run.started,
          run.ended && "ended " + run.ended, run.who && "by " + run.who,
          run.pipeline_file, run.pipeline_digest].filter(Boolean).join(" · ");
        const tell = (words, name) => at("end").append(make("div", words, name));
        if (run.cause) {
          tell(run.cause.code + ": " + run.cause.message, "bad");
          if (run.cause.place) tell("at " + run.cause.place, "soft");
          if (run.cause.hint) tell("hint: " + run.cause.hint, "soft");
        }
        for (const words of run.not_found || []) tell("not found: " + words, "bad");
        const removed = run.rolled_back || 0;
        if (removed) {
          tell("rolled back " + removed + (removed === 1 ? " image" : " images")
            + " of these, removed at the targets since", "bad");
        }
        const card = (name, value, bad) => {
          const box = make("div", undefined, bad ? "card bad" : "card");
          box.append(make("b", value), make("span", name, bad ? "" : "soft"));
          at("cards").append(box);
        };
        const done = transfers.filter(t => t.state === "done");
        const moved = done.reduce((sum, t) => sum + (t.bytes || 0), 0);
        const bad = transfers.filter(isBad).length + run.refused.length;
        card("images", transfers.length);
        card("done", done.length);
        card("failed or refused", bad, bad > 0);
        if (removed) card("rolled back since", removed, true);
        if (run.outcomes.skipped) card("already there", run.outcomes.skipped);
        if (run.outcomes.unfinished) card("not finished", run.outcomes.unfinished);
        card("moved", bytes(moved));
        if (worked.length) {
          card("took", span(last - first));
          card("mean throughput", bytes(moved * 1000 / (last - first)) + "/s");
        }

        // The bytes of an image are spread over the time in which they were sent.
        const slots = new Array(200).fill(0);
        const width = (last - first) / slots.length;
        for (const t of done) {
          const sent = segments(t).filter(s => s.state === "sending" || s.state === "importing");
          const total = sent.reduce((sum, s) => sum + Math.max(1, s.to - s.from), 0);
          for (const s of sent) {
            const share = (t.bytes || 0) * Math.max(1, s.to - s.from) / total;
            const low = Math.max(0, Math.floor((s.from - first) / width));
            const high = Math.min(slots.length - 1, Math.floor((s.to - first) / width));
            for (let i = low; i <= high; i += 1) slots[i] += share / (high - low + 1);
          }
        }
        const rates = slots.map(slot => slot * 1000 / width);
        const peak = Math.max(...rates, 1);
        if (worked.length) {
          const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
          const points = rates.map((rate, i) => (i * 1000 / (rates.length - 1)).toFixed(1) + ","
            + (118 - 112 * rate / peak).toFixed(1));
          path.setAttribute("d", "M0,118 L" + points.join(" L") + " L1000,118 Z");
          at("throughput").append(path);
          at("peak").textContent = "peak " + bytes(peak) + "/s; the width is " + span(last - first);
        }

        const mark = ms => last - first < 60000 ? (ms / 1000).toFixed(1) + " s" : span(ms);
        if (worked.length) {
          for (const part of [0, 1 / 4, 1 / 2, 3 / 4, 1]) {
            at("axis").append(make("span", part ? mark((last - first) * part) : "0"));
          }
        }
        for (const stage of stages) {
          const item = make("span");
          const square = make("i");
          square.style.background = "var(--" + stage + ")";
          item.append(square, stage);
          at("legend").append(item);
        }
        const several = new Set(transfers.map(t => t.project)).size > 1;
        const row = t => {
          const box = make("details");
          const line = make("summary");
          const track = make("span", undefined, "track");
          for (const s of segments(t)) {
            const part = make("i");
            part.style.left = 100 * (s.from - first) / (last - first) + "%";
            part.style.width = 100 * (s.to - s.from) / (last - first) + "%";
            part.style.background = "var(--" + s.state + ")";
            part.title = s.state + ", " + span(s.to - s.from);
            track.append(part);
          }
          const name = make("span");
          name.append(apart(t.image), " → ", apart(t.target));
          if (several) {
            name.append(" (", apart(t.source_project_name || t.source_project || "none"), " → ",
              apart(t.project_name || t.project || "none"), ")");
          }
          name.title = name.textContent;
          const rest = t.rolled_back_at ? t.rest + ", rolled back" : t.rest;
          line.append(name, make("span", rest, isBad(t) || t.rolled_back_at ? "bad" : "soft"),
            make("span", bytes(t.bytes), "number"), track);
          const list = make("dl");
          const add = (name, value) => {
            if (value === undefined || value === "") return;
            list.append(make("dt", name), make("dd", value));
          };
          add("error", t.error && t.error.message);
          add("hint", t.error && t.error.hint);
          add("source", t.source);
          add("image at the target", t.target_id);
          add("name", t.name);
          const named = (name, id) => name ? name + " (" + id + ")" : id;
          add("project", named(t.project_name, t.project));
          add("project at the source", named(t.source_project_name, t.source_project));
          add("digest", t.digest);
          add("promise", t.promise);
          add("proof", t.proof);
          add("method", t.method);
          add("started", t.started);
          add("ended", t.ended);
          add("rolled back", t.rolled_back_at);
          add("attempts", t.attempts);
          add("request ids", (t.request_ids || []).join(" "));
          add("remarks", (t.remarks || []).join("; "));
          box.append(line, list);
          return box;
        };
        const all = transfers.map(t => ({ box: row(t), bad: isBad(t), words:
          [t.image, t.name, t.target, t.state, t.rest, t.rolled_back_at ? "rolled back" : "", t.source, t.target_id, t.project, t.project_name,
            t.source_project, t.source_project_name].join(" ").toLowerCase() }));
        at("rows").append(...all.map(entry => entry.box));
        const refused = run.refused.map(image => {
          const word = image.action === "conflict" ? "in conflict: " : "refused: ";
          const box = make("div", word, "bad");
          box.append(apart(image.name), " (", apart(image.source_id), ") → ", apart(image.target),
            ": " + image.code + ": ", apart(image.message));
          return { box, words: box.textContent.toLowerCase() };
        });
        at("rows").prepend(...refused.map(entry => entry.box));
        for (const absent of run.absent || []) {
          at("rows").prepend(make("div", "not read: " + absent.side + " " + absent.name + ": "
            + absent.code + ": " + absent.message, "bad"));
        }
        const show = () => {
          const word = at("filter").value.trim().toLowerCase();
          const only = at("failures").getAttribute("aria-pressed") === "true";
          let shown = 0;
          for (const entry of refused) entry.box.hidden = !entry.words.includes(word);
          for (const entry of all) {
            const fits = entry.words.includes(word) && (entry.bad || !only);
            entry.box.hidden = !fits;
            shown += fits ? 1 : 0;
          }
          at("count").textContent = shown + " of " + all.length + " shown";
        };
        at("filter").addEventListener("input", show);
        at("failures").addEventListener("click", () => {
          const pressed = at("failures").getAttribute("aria-pressed") === "true";
          at("failures").setAttribute("aria-pressed", String(!pressed));
          show();
        });
        at("theme").addEventListener("click", () => {
          const root = document.documentElement.classList;
          const isDark = root.contains("dark") || (!root.contains("light")
            && matchMedia("(prefers-color-scheme: dark)").matches);
          root.toggle("dark", !isDark);
          root.toggle("light", isDark);
        });
        show();
        </script>
        </body>
        </html>

        """#
}
