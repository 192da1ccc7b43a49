// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// `status` and `report` accept the run that they show in the same way.
@Suite(.timeLimit(.minutes(5))) struct RunArgumentTests {
    /// Makes a shell with a pipeline file, after these commands.
    private static func shell(after commands: String) async throws -> Shell {
        let shell = try Shell()
        let prepared = try await shell.run(
            """
            head -c 70000 /dev/urandom > disk.raw
            cat > out.yaml <<'FILE'
            version: 1
            name: out
            sources: [{ file: ./disk.raw, image: { name: one, disk_format: raw } }]
            targets: [{ archive: ./archive }]
            FILE
            \(commands)
            """)
        #expect(prepared.status == 0, "\(prepared.talk)")
        return shell
    }

    @Test func `An earlier run is named behind the pipeline, or alone`() async throws {
        let shell = try await Self.shell(after: "tranship run out.yaml && tranship run out.yaml")
        defer { shell.remove() }
        for command in ["status", "report"] {
            for (words, number) in [
                ("out 1", 1), ("out.yaml 1", 1), ("1", 1), ("2", 2), ("out 2", 2), ("out", 2),
                ("", 2),
            ] {
                let shown = try await shell.run("tranship \(command) \(words) --format json")
                let run = #""run":\#(number)"#
                #expect(
                    shown.status == 0
                        && shown.output.split(separator: "\n").first?.contains(run) == true,
                    "\(command) \(words): \(shown.output) \(shown.talk)")
            }
            let missing = try await shell.run("tranship \(command) out 7")
            #expect(missing.status != 0)
            #expect(missing.talk.contains("has no run 7"), "\(missing.talk)")
            #expect(missing.talk.contains("hint: its runs are 1, 2"), "\(missing.talk)")
            let option = try await shell.run("tranship \(command) out --run 1")
            #expect(option.status == 2)
            #expect(
                option.talk.contains(
                    "write its number behind the pipeline: tranship \(command) NAME NUMBER"),
                "\(option.talk)")
        }
    }

    @Test func `Of many runs, the last ones are listed`() async throws {
        let shell = try await Self.shell(after: "tranship run out.yaml")
        defer { shell.remove() }
        let one = try await shell.run("tranship report out 2")
        #expect(one.talk.contains("hint: its only run is 1"), "\(one.talk)")
        _ = try await shell.run("for i in 2 3 4 5 6 7 8 9 10 11 12; do tranship run out.yaml; done")
        let many = try await shell.run("tranship report out 13")
        #expect(
            many.talk.contains("hint: its last runs are 3, 4, 5, 6, 7, 8, 9, 10, 11, 12"),
            "\(many.talk)")
    }
}
