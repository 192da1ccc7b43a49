// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GlanceServer
import TestSupport
import Testing

/// The output of `status`, `report`, hooks and metrics about a night that failed as a whole.
@Suite(.timeLimit(.minutes(5)))
struct FailedNightTests {
    private func kill(_ desk: Desk) throws {
        try desk.write(
            "clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: Desk.deadAddress))
    }

    private func files(_ desk: Desk) throws -> [String] {
        (FileManager.default.enumerator(atPath: desk.shell.folder.path)?.allObjects ?? [])
            .compactMap { $0 as? String }.filter { $0.contains(".sqlite") }
    }

    private func lines(_ outcome: Outcome) throws -> [JSONValue] {
        try outcome.output.split(separator: "\n").map {
            try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
        }
    }

    @Test func `A target that is down after a good night is told by every command`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let hook = "name: night\nhooks: { on_failure: [./hook.sh] }"
        try desk.write("hook.sh", "#!/bin/sh\ncat > \"${0%/*}/hook.json\"\n")
        chmod(desk.shell.folder.path + "/hook.sh", 0o755)
        try desk.write("night.yaml", Desk.pipeline([("name: night", hook)]))
        #expect(try await desk.run("tranship run night.yaml").status == 0)
        try kill(desk)
        let night = try await desk.run("tranship run night.yaml --metrics night.prom")
        #expect(night.status == 7, "\(night.said)")
        #expect(night.talk.contains("night run 2: exit 7, failed: unreachable"), "\(night.said)")

        let status = try await desk.run("tranship status night.yaml")
        for words in [
            "run           2, started ", ", exit 7", "cause         unreachable: ", "hint: ",
            "night.yaml:", "in all        1 image",
        ] {
            #expect(status.output.contains(words), "\(status.said)")
        }
        let json = try await desk.run("tranship status night.yaml --format json")
        let line = try #require(
            lines(json).first { $0["type"]?.string == "status" }, "\(json.said)")
        #expect(line["outcome"]?.string == "failed" && line["exit_status"]?.integer == 7)
        #expect(line["cause"]?["code"]?.string == "unreachable")
        #expect(line["cause"]?["message"]?.string?.contains(Desk.deadAddress) == true)
        #expect(line["cause"]?["place"]?.string?.hasPrefix("night.yaml:") == true)

        let report = try await desk.run("tranship report night.yaml")
        #expect(report.output.contains("run 2 of night, failed, started "), "\(report.said)")
        #expect(report.output.contains(", exit 7\ncause: unreachable: "), "\(report.said)")
        #expect(report.output.contains("\nno image\n"), "\(report.said)")
        let notes = try await desk.run(
            "echo notes > night.html; tranship report night.yaml --html night.html; cat night.html")
        #expect(notes.output == "notes\n" && notes.talk.contains("there already"), "\(notes.said)")
        _ = try await desk.run("rm night.html; tranship report night.yaml --html night.html")
        let page = try await desk.run("tranship report night.yaml --html night.html")
        #expect(page.status == 0, "\(page.said)")
        #expect(try text(desk, "night.html").contains(#""code":"unreachable""#))
        let first = try await desk.run("tranship report night.yaml 1")
        #expect(first.output.contains(", exit 0\n1 done\n"), "\(first.said)")

        let hooked = try JSONDecoder().decode(
            JSONValue.self, from: Data(text(desk, "hook.json").utf8))
        #expect(hooked["run"]?.integer == 2 && hooked["exit_status"]?.integer == 7)
        #expect(hooked["error"]?["code"]?.string == "unreachable")
        let metrics = try text(desk, "night.prom")
        #expect(metrics.contains("tranship_run_cause{pipeline=\"night\",code=\"unreachable\"} 1\n"))
        #expect(metrics.contains("tranship_last_success_time_seconds"), "\(metrics)")

        let resume = try await desk.run("tranship resume night.yaml")
        #expect(resume.status == 7, "\(resume.said)")
        #expect(
            resume.talk.contains(
                "nothing to resume: run 2 of night failed before it was planned: "),
            "\(resume.said)")
        #expect(resume.talk.contains("night.yaml` plans again"), "\(resume.said)")
    }

    /// A damaged journal may belong to the interrupted run.
    @Test func `A damaged journal ends a resume with 7, and its hint works`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        let night = try await desk.run("TRANSHIP_KILL_AT_COMMIT=after:4 tranship run night.yaml")
        #expect(night.status == 137, "\(night.said)")
        let journal = try #require(files(desk).first { $0.hasSuffix("night.sqlite") })
        try desk.write(journal, String(repeating: "no database", count: 1000))
        for ending in ["-wal", "-shm"] { unlink("\(desk.shell.folder.path)/\(journal)\(ending)") }
        for command in ["resume", "resume night", "status", "run night.yaml"] {
            let outcome = try await desk.run("tranship \(command)")
            #expect(outcome.status == 7, "\(outcome.said)")
            #expect(outcome.talk.contains("night.sqlite cannot be used: "), "\(outcome.said)")
            #expect(outcome.talk.contains("hint: the file is damaged"), "\(outcome.said)")
        }
        let copy = try await desk.run("tranship copy alpha beta ubuntu-24.04")
        #expect(copy.status == 0, "\(copy.said)")
        let resume = try await desk.run("tranship resume")
        #expect(resume.status == 7, "\(resume.said)")
        #expect(
            resume.talk.contains("no run was interrupted in the journals that can be read: "),
            "\(resume.said)")

        let moved = try await desk.run("mkdir aside; mv \(journal)* aside; tranship run night.yaml")
        #expect(moved.status == 0, "\(moved.said)")
        #expect(desk.beta.active.count == 2, "\(moved.said)")
        #expect(try await desk.run("tranship resume").status == 0)
    }

    @Test func `A journal on a disk that is mounted read-only says so, and its copy is read`()
        async throws
    {
        let desk = try Desk()
        defer { desk.remove() }
        // On some systems, only the administrator may make namespaces.
        guard try await desk.run("unshare -rm true").status == 0 else { return }
        try desk.write("night.yaml", Desk.pipeline())
        #expect(try await desk.run("tranship run night.yaml").status == 0)
        let journal = try #require(files(desk).first { $0.hasSuffix("night.sqlite") })
        // A process may end before its journal is closed, and leave SQLite's own files beside it.
        // The last process that closes the journal removes them.
        let closed = try await desk.run(
            "python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                + "c.execute(\"PRAGMA wal_checkpoint(TRUNCATE)\"); c.close()' \(journal)")
        #expect(closed.status == 0, "\(closed.said)")
        let folder = PathText.folder(of: journal)
        let mount = "mount --bind \(folder) \(folder) && mount -o remount,ro,bind \(folder)"
        for (command, words) in [
            ("status", "its file system is mounted read-only"),
            ("status night", "its file system is mounted read-only"),
            ("plan night.yaml", "its file system is mounted read-only"),
            ("resume", "its file system is mounted read-only"),
            ("run night.yaml", "Read-only file system"),
        ] {
            let outcome = try await desk.run("unshare -rm sh -c '\(mount) && tranship \(command)'")
            #expect(outcome.status == 7, "\(command): \(outcome.said)")
            #expect(outcome.talk.contains(words), "\(command): \(outcome.said)")
            #expect(outcome.talk.contains("for writing"), "\(command): \(outcome.said)")
        }
        let copy = try await desk.run(
            "unshare -rm sh -c '\(mount) && cp \(journal)* . && tranship status --journal night.sqlite'"
        )
        #expect(copy.status == 0, "\(copy.said)")
        #expect(copy.output.contains("done          1 image"), "\(copy.said)")
    }

    @Test func `A run that resumes beside a damaged journal names that journal`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        _ = try await desk.run("TRANSHIP_KILL_AT_COMMIT=after:4 tranship run night.yaml")
        let journal = try #require(files(desk).first { $0.hasSuffix("night.sqlite") })
        try desk.write(journal.replacing("night", with: "other"), "no database")
        let resume = try await desk.run("tranship resume")
        #expect(resume.status == 0, "\(resume.said)")
        #expect(resume.talk.contains("warning: passed over: the journal "), "\(resume.said)")
        #expect(desk.beta.active.count == 1, "\(resume.said)")
    }

    @Test func `A resume while an endpoint is down ends with 7, and goes on when it answers`()
        async throws
    {
        let desk = try Desk()
        defer { desk.remove() }
        let cloud = "cloud: alpha\n    images: { name: ubuntu-24.04 }"
        for (pipeline, down) in [
            (Desk.pipeline(), "beta"),
            (
                Desk.pipeline([
                    ("file: ./a.raw", cloud),
                    ("    image: { name: copy, disk_format: raw, container_format: bare }\n", ""),
                    ("name: night", "name: other"),
                ]), "alpha"
            ),
        ] {
            try desk.write("night.yaml", pipeline)
            let night = try await desk.run(
                "TRANSHIP_KILL_AT_COMMIT=after:4 tranship run night.yaml")
            #expect(night.status == 137, "\(night.said)")
            try desk.write(
                "clouds.yaml",
                Desk.clouds(
                    alpha: down == "alpha" ? Desk.deadAddress : desk.alpha.url,
                    beta: down == "beta" ? Desk.deadAddress : desk.beta.url))
            for _ in 0...1 {
                let resume = try await desk.run("tranship resume")
                #expect(resume.status == 7, "\(down): \(resume.said)")
                #expect(resume.talk.contains(Desk.deadAddress), "\(resume.said)")
            }
            try desk.write(
                "clouds.yaml", Desk.clouds(alpha: desk.alpha.url, beta: desk.beta.url))
            let resume = try await desk.run("tranship resume")
            #expect(resume.status == 0, "\(down): \(resume.said)")
        }
        #expect(desk.beta.active.count == 2)
    }

    private func text(_ desk: Desk, _ name: String) throws -> String {
        try String(contentsOf: desk.shell.folder.appendingPathComponent(name), encoding: .utf8)
    }

    @Test func `A name that matches nothing is told by every command`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let source = "cloud: alpha\n    images: { name: [ubuntu-24.04, nosuch] }"
        try desk.write(
            "night.yaml",
            Desk.pipeline([
                ("file: ./a.raw", source),
                ("    image: { name: copy, disk_format: raw, container_format: bare }\n", ""),
            ]))
        for (there, outcome) in [("1 done", "1 done"), ("1 already there", "1 already there")] {
            let night = try await desk.run("tranship run night.yaml")
            #expect(night.status == 3, "\(night.said)")
            #expect(night.talk.contains("exit 3, \(there), not found: "), "\(night.said)")
            #expect(!night.talk.contains("nothing to do"), "\(night.said)")
            let status = try await desk.run("tranship status night.yaml -v")
            #expect(status.output.contains("not found     "), "\(status.said)")
            #expect(status.output.contains("has no image \"nosuch\""), "\(status.said)")
            let report = try await desk.run("tranship report night.yaml")
            #expect(report.output.contains(", exit 3\nnot found: "), "\(report.said)")
            #expect(report.output.contains("\n\(outcome)\n"), "\(report.said)")
            let json = try await desk.run("tranship report night.yaml --json")
            let line = try #require(lines(json).first, "\(json.said)")
            #expect(line["not_found"]?.array?.count == 1 && line["exit_status"]?.integer == 3)
        }
    }

    @Test func `One of two targets that is down is told beside what is there`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write(
            "night.yaml", Desk.pipeline([("  - cloud: beta", "  - cloud: alpha\n  - cloud: beta")]))
        try kill(desk)
        for there in ["done          1 image", "already there 1 image"] {
            let night = try await desk.run("tranship run night.yaml")
            #expect(night.status == 5, "\(night.said)")
            let status = try await desk.run("tranship status night.yaml")
            for words in [", exit 5\n", there, "absent        target beta did not answer: "] {
                #expect(status.output.contains(words), "\(status.said)")
            }
            let report = try await desk.run("tranship report night.yaml")
            #expect(report.output.contains(", exit 5\n"), "\(report.said)")
            #expect(
                report.output.contains("absent: target beta did not answer: "), "\(report.said)")
        }
    }

    @Test func `What was already there is counted in a report, and has no row`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        _ = try await desk.run("tranship run night.yaml")
        let run = try await desk.run("tranship run night.yaml")
        #expect(run.status == 0, "\(run.said)")
        let report = try await desk.run("tranship report night.yaml")
        #expect(report.output.contains(", exit 0\n1 already there\n"), "\(report.said)")
        #expect(!report.output.contains("beta"), "\(report.said)")
        let rows = try await desk.run("tranship report night.yaml --csv")
        #expect(rows.output.split(separator: "\r\n").count == 1, "\(rows.said)")
    }

    @Test func `A copy that never began and a plan leave no file`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("night.yaml", Desk.pipeline())
        for (command, status) in [
            ("tranship copy alpha beta nosuch", 3), ("tranship plan night.yaml", 0),
            ("tranship copy alpha beta --dry-run", 0),
        ] {
            let outcome = try await desk.run(command)
            #expect(outcome.status == Int32(status), "\(outcome.said)")
            #expect(try files(desk) == [], "\(outcome.said)")
        }
        let copy = try await desk.run("tranship copy alpha beta ubuntu-24.04")
        #expect(copy.status == 0, "\(copy.said)")
        let left = try files(desk)
        #expect(left.filter { $0.hasSuffix(".lock") }.count == 1, "\(left)")
    }
}
