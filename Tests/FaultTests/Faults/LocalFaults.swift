// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import ByteStreams
import Foundation
import MigrationJournal
import MigrationModel
import TestSupport

extension Fault {
    static let ofThisMachine: [Fault] = clocks + journals + processes

    private static func local(
        _ name: String, ways: [Way] = [.upload], _ end: End, next: End = .nothingToDo,
        _ fault: LocalFault
    ) -> Fault {
        Fault(name: name, side: .local, ways: ways, setting: .local(fault), end: end, next: next)
    }

    // MARK: Clocks

    /// The clock is set by so many milliseconds while a run is interrupted that
    /// waits for the next try.
    private static func jumping(by milliseconds: Int64) -> LocalFault {
        let fault = SourceFault { _ in
            .status(503, headers: [("Retry-After", "2")], text: "later")
        }
        return LocalFault(source: fault) { scene in
            try await scene.run(wall: { Timestamp.now() - milliseconds }, stopping: true)
        }
    }

    private static let interrupted = End(
        exit: .interrupted, state: .reading, failedTries: 1...1, left: .nothing)

    private static let clocks: [Fault] = [
        local(
            "the clock is set back by a day between two runs", interrupted,
            next: .done(tries: 0...1),
            jumping(by: -86_400_000)),
        local(
            "the clock is set ahead by a day between two runs", interrupted,
            next: .done(tries: 0...1), jumping(by: 86_400_000)),
    ]

    // MARK: The journal

    /// What follows when the journal of a finished run has become something else.
    private static func damaged(_ damage: @escaping @Sendable (FileHandle) throws -> Void)
        -> LocalFault
    {
        LocalFault(
            run: { scene in
                let first = try await scene.run()
                guard first.exit == .done else { return first }
                let file = try FileHandle(
                    forUpdating: URL(fileURLWithPath: scene.journal))
                try damage(file)
                try file.close()
                return try await scene.run()
            },
            repair: { scene in
                for suffix in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: scene.journal + suffix)
                }
            })
    }

    private static let journals: [Fault] = [
        local(
            "another process has the journal", .ended(.journalInUse, .journalInUse),
            next: .done(),
            LocalFault { scene in
                let other = try await Journal.open(path: scene.journal)
                let ended = try await scene.run()
                withExtendedLifetime(other) {}
                return ended
            }),
        local(
            "pages of the journal are overwritten",
            .ended(.fatal, .journalFailed, left: .copy), next: .nothingToDo,
            damaged { file in
                let size = try file.seekToEnd()
                for page in 1..<(size / 4096) {
                    try file.seek(toOffset: page * 4096)
                    try file.write(contentsOf: noise(4096, seed: page))
                }
            }),
        local(
            "the journal is no database any more",
            .ended(.fatal, .journalFailed, left: .copy), next: .nothingToDo,
            damaged { file in
                try file.seek(toOffset: 0)
                try file.write(contentsOf: noise(4096, seed: 5))
            }),
        local(
            "the journal may not be written", .ended(.fatal, .journalFailed), next: .done(),
            LocalFault(
                run: { scene in
                    let first = try await Journal.open(path: scene.journal)
                    _ = first
                    for path in [scene.journal, scene.journal + ".lock"] {
                        try FileManager.default.setAttributes(
                            [.posixPermissions: 0o444], ofItemAtPath: path)
                    }
                    try FileManager.default.setAttributes(
                        [.posixPermissions: 0o555], ofItemAtPath: scene.folder.path)
                    // The administrator may write everything.
                    return try await Command.run(scene, shell: nobody)
                },
                repair: { scene in
                    for path in [scene.folder.path, scene.journal, scene.journal + ".lock"] {
                        try FileManager.default.setAttributes(
                            [.posixPermissions: 0o755], ofItemAtPath: path)
                    }
                })),
        local(
            "the disk of the journal is full", .ended(.fatal, .journalFailed), next: .done(),
            LocalFault { scene in
                // Blocks of 512 bytes: room for the schema, not for the run.
                try await Command.run(scene, shell: "ulimit -f 150")
            }),
    ]

    private static let nobody = #"""
        [ "$(id -u)" -ne 0 ] || AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
        """#

    // MARK: The process

    private static let processes: [Fault] = [
        local(
            "the process is killed in the middle of a body", ways: Way.bodies,
            End(exit: .unclassified, state: nil, left: .other(status: "queued")),
            next: .done(),
            LocalFault(
                target: [
                    TargetFault(.body) { passage in
                        _ = passage.exchange.pass(to: passage.service, bodyBytes: 300_000)
                        passage.exchange.hang()
                    }
                ],
                run: { scene in
                    try await Command.run(scene) { pid in
                        _ = await eventually {
                            scene.target.requests.contains { $0.bodyBytes >= 300_000 }
                        }
                        kill(pid, SIGKILL)
                    }
                }))
    ]
}
