// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// Finds failures that occur once in twenty runs. Two processes run at a time, so that each waits
/// for the other at different moments.
@Suite(.timeLimit(.minutes(5)))
struct ManyRunsTests {
    private static let runs = 40

    @Test(arguments: ["one", "two"])
    func `Runs from a file into an archive, and on into another, all end with 0`(
        _ loop: String
    ) async throws {
        let shell = try Shell()
        let prepared = try await shell.run(
            """
            head -c 70000 /dev/urandom > disk.raw
            cat > out.yaml <<'FILE'
            version: 1
            name: out
            sources: [{ file: ./disk.raw, image: { name: \(loop), disk_format: raw } }]
            targets: [{ archive: ./archive }]
            FILE
            cat > on.yaml <<'FILE'
            version: 1
            name: "on"
            sources: [{ archive: ./archive }]
            targets: [{ archive: ./second }]
            FILE
            """)
        #expect(prepared.status == 0, "\(prepared.talk)")
        for run in 1...Self.runs {
            for command in [
                "tranship run out.yaml", "tranship run on.yaml", "tranship check on.yaml",
                "tranship status on.yaml",
            ] {
                let ended = try await shell.run(command)
                #expect(
                    ended.status == 0, "\(command), run \(run): \(ended.status)\n\(ended.talk)")
            }
        }
    }
}
