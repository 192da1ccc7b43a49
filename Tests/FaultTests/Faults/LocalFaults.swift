// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ByteStreams
import Foundation
import MigrationJournal
import MigrationModel
import MigrationPipeline
import TestSupport
import Testing

extension Fault {
    static let ofThisMachine: [Fault] = clocks + journals + spools + processes

    private static func local(
        _ name: String, ways: [Way] = [.upload], _ end: End, next: End = .nothingToDo,
        _ fault: LocalFault
    ) -> Fault {
        Fault(name: name, side: .local, ways: ways, setting: .local(fault), end: end, next: next)
    }

    // MARK: Clocks

    /// Makes a fault that sets the clock by the given number of milliseconds while an interrupted
    /// run waits for the next try.
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

    /// Makes a fault that damages the journal of a finished run before the next run.
    private static func damaged(_ damage: @escaping @Sendable (FileHandle) throws -> Void)
        -> LocalFault
    {
        LocalFault(
            run: { scene in
                let first = try await scene.run()
                guard first.exit == .done else { return first }
                // The last task of the run closes the journal, which removes its log.
                _ = await eventually {
                    !FileManager.default.fileExists(atPath: scene.journal + "-wal")
                }
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
            "the journal is not a database any more",
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
                    // The administrator may write to any file.
                    return try await Command.run(scene, shell: unprivileged)
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
                // Blocks of 512 bytes: enough for the schema, but not for the run.
                try await Command.run(scene, shell: "ulimit -f 150")
            }),
    ]

    private static let unprivileged = #"""
        [ "$(id -u)" -ne 0 ] || AS="setpriv --reuid=65534 --regid=65534 --clear-groups"
        """#

    // MARK: The spool

    private static func spool(
        _ name: String, images: Int = 1, _ end: End, next: End = .nothingToDo,
        words: String? = nil, check: @escaping @Sendable (FaultScene) -> Void = { _ in },
        _ fault: LocalFault
    ) -> Fault {
        var one = local(name, ways: [.spool], end, next: next, fault)
        one.check = check
        one.images = images
        one.words = words
        return one
    }

    /// Makes a fault that changes a file of the spool while a run with half of that file is
    /// interrupted.
    private static func interrupted(
        then change: @escaping @Sendable (_ file: String) throws -> Void
    ) -> LocalFault {
        let fault = SourceFault(times: SourceFault.always) { reading in
            if reading.number == 0 {
                return Reply { exchange in
                    exchange.sendHead(200, reading.head + [("ETag", "\"one\"")])
                    exchange.send(reading.half)
                    exchange.close()
                }
            }
            return .status(503, headers: [("Retry-After", "100")], text: "later")
        }
        return LocalFault(
            source: fault, run: { scene in try await scene.run(stopping: true) },
            repair: { scene in try scene.withSpooledFile(change) })
    }

    /// Makes the same fault for a file that is complete, with a busy target.
    private static func spooled(
        then change: @escaping @Sendable (_ file: String) throws -> Void
    ) -> LocalFault {
        LocalFault(
            target: [
                TargetFault(.create, times: .max) { $0.refuse(503, "busy", afterBytes: .max) }
            ], run: { scene in try await scene.run(stopping: true) },
            repair: { scene in try scene.withSpooledFile(change) })
    }

    private static let flipped: @Sendable (String) throws -> Void = { file in
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try handle.seek(toOffset: 100_000)
        let byte = try handle.read(upToCount: 1)?.first ?? 0
        try handle.seek(toOffset: 100_000)
        try handle.write(contentsOf: [byte ^ 1])
        try handle.close()
    }

    private static let removed: @Sendable (String) throws -> Void = { file in
        try FileManager.default.removeItem(atPath: file)
    }

    private static let shortened: @Sendable (String) throws -> Void = { file in
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
        try handle.truncate(atOffset: 100_000)
        try handle.close()
    }

    private static let unreadable = End(
        exit: .interrupted, state: .registered, failedTries: 1...1, left: .nothing)

    private static let spools: [Fault] = [
        spool(
            "the disk of the spool is full",
            .failed(.targetFailed, .retryableLeft, tries: 3...3), next: .done(),
            LocalFault { scene in try await scene.run(disk: .small(400_000, scene.spool)) }),
        spool(
            "the disk of the spool has room for one image of two", images: 2, .done(),
            LocalFault { scene in try await scene.run(disk: .small(900_000, scene.spool)) }),
        spool(
            "the disk of the spool has room for one image of three", images: 3, .done(),
            LocalFault { scene in try await scene.run(disk: .small(900_000, scene.spool)) }),
        spool(
            "the spool may not be written", .failed(.targetFailed), next: .done(),
            LocalFault(
                run: { scene in
                    // A file in place of the folder, so that not even root can write into it.
                    try scene.folder.write([], to: "journal.spool")
                    return try await scene.run()
                },
                repair: { scene in try FileManager.default.removeItem(atPath: scene.spool) })),
        spool(
            "a run is interrupted while it fills the spool", interrupted, next: .done(),
            check: { scene in
                let last = scene.source.requests.last { $0.method == "GET" }
                #expect(last?[header: "range"] == "bytes=300000-")
            }, interrupted { _ in }),
        spool(
            "what lies in the spool is damaged between two runs", interrupted, next: .done(),
            words: "damaged and is read again", interrupted(then: flipped)),
        spool(
            "what lies in the spool is shortened between two runs", interrupted, next: .done(),
            words: "damaged and is read again", interrupted(then: shortened)),
        spool(
            "what lies in the spool is removed between two runs", interrupted, next: .done(),
            words: "damaged and is read again", interrupted(then: removed)),
        spool(
            "a whole file in the spool is damaged between two runs", unreadable,
            next: .done(tries: 1), words: "cannot be used", spooled(then: flipped)),
        spool(
            "a whole file in the spool is removed between two runs", unreadable,
            next: .done(tries: 1), words: "cannot be used", spooled(then: removed)),
    ]

    // MARK: The process

    private static let processes: [Fault] = [
        local(
            "the process is killed in the middle of a body", ways: Way.bodies + [.spool],
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
                })),
        local(
            "the process is killed while it fills the spool", ways: [.spool],
            End(exit: .unclassified, state: nil, left: .nothing), next: .done(),
            LocalFault(
                source: SourceFault { reading in stalling(reading) },
                run: { scene in
                    try await Command.run(scene) { pid in
                        _ = await eventually {
                            scene.spooled.contains { fileBytes($0) >= 200_000 }
                        }
                        kill(pid, SIGKILL)
                    }
                })),
    ]

    private static func fileBytes(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.intValue ?? 0
    }
}

extension FaultScene {
    /// Changes the only file in the spool.
    fileprivate func withSpooledFile(_ change: (String) throws -> Void) throws {
        let files = spooled
        try #require(files.count == 1, "\(files)")
        try change(files[0])
    }
}
