// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

/// `status --all`: the list of past runs.
@Suite(.timeLimit(.minutes(5))) struct AllRunsTests {
    @Test func `Every pipeline has a line with its last run`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        let none = try await desk.run("tranship status --all")
        #expect(none.status != 0 && none.talk.contains("there is no journal"), "\(none.said)")
        for (name, file) in [("good", "a.raw"), ("bad", "gone.raw")] {
            try desk.write(
                "\(name).yaml",
                Desk.pipeline([("name: night", "name: \(name)"), ("./a.raw", "./\(file)")]))
        }
        _ = try await desk.run("tranship run good.yaml; tranship run good.yaml")
        let bad = try await desk.run("tranship run bad.yaml")
        #expect(bad.status == 3, "\(bad.said)")

        let text = try await desk.run("tranship status --all")
        #expect(text.status == 0, "\(text.said)")
        let rows = text.output.split(separator: "\n").map {
            $0.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        #expect(rows.first == ["PIPELINE", "RUN", "STARTED", "ENDED", "OUTCOME", "EXIT"])
        #expect(
            rows.dropFirst().map(\.first) == ["bad", "good"], "the latest is first: \(text.said)")
        #expect(rows.last?[1] == "2" && rows.last?.last == "0", "\(text.said)")
        #expect(rows[1].last == "3", "\(text.said)")

        let json = try await desk.run("tranship status --all --format json")
        let lines = json.output.split(separator: "\n")
        #expect(lines.count == 2 && lines.allSatisfy { $0.contains(#""type":"status""#) })
        #expect(lines.first?.contains(#""exit_status":3"#) == true, "\(json.said)")
        let table = try await desk.run("tranship status --all -f value -c pipeline -c exit_status")
        #expect(table.output == "bad 3\ngood 0\n", "\(table.said)")
    }

    @Test func `A journal that cannot be read hides no other one`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        try desk.write("good.yaml", Desk.pipeline([("name: night", "name: good")]))
        _ = try await desk.run("tranship run good.yaml")
        _ = try await desk.run("echo no database > .local/state/tranship/broken.sqlite")
        let all = try await desk.run("tranship status --all")
        #expect(all.status == 0 && all.output.contains("good "), "\(all.said)")
        #expect(all.talk.contains("warning: passed over: "), "\(all.said)")
    }

    @Test func `Words that --all leaves no room for are refused with the way out`() async throws {
        let desk = try Desk()
        defer { desk.remove() }
        for words in ["night", "--watch", "--journal j.sqlite"] {
            let refused = try await desk.run("tranship status --all \(words)")
            #expect(refused.status == 2, "\(refused.said)")
            #expect(refused.talk.contains("--all shows the last run of every"), "\(refused.said)")
        }
        let list = try await desk.run("tranship status --list")
        #expect(list.talk.contains("tranship status --all"), "\(list.said)")
    }
}
