// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(1))) struct JournalLockTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    @Test func `The second one is told who has it`() async throws {
        let journal = try await Journal.open(path: path)
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalInUse)
        #expect(error?.message.contains("is in use by process \(getpid()) on ") == true)
        #expect(Journal.holder(path: path)?.hasPrefix("process \(getpid()) on ") == true)
        #expect(journal.path == path)
    }

    @Test func `Closing gives it free, and looking at the holder never takes it`() async throws {
        #expect(Journal.holder(path: path) == nil)
        do {
            let journal = try await Journal.open(path: path)
            #expect(Journal.holder(path: journal.path) != nil)
        }
        #expect(Journal.holder(path: path) == nil)
        _ = try await Journal.open(path: path)
    }

    @Test func `One that failed to open keeps no lock`() async throws {
        try folder.write(Array("nonsense, and more than a header of it".utf8), to: "journal.sqlite")
        let first = await failure { _ = try await Journal.open(path: path) }
        let second = await failure { _ = try await Journal.open(path: path) }
        #expect(first?.code == .journalFailed)
        #expect(second?.code == .journalFailed)
    }

    @Test func `A process that is killed leaves no lock behind`() async throws {
        let other = Process()
        other.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        // -o: only flock itself holds it, and not what it starts.
        other.arguments = ["-o", path + ".lock", "cat"]
        let input = Pipe()
        other.standardInput = input
        try other.run()
        let path = path
        #expect(await eventually { Journal.holder(path: path) != nil })
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalInUse)
        #expect(error?.message.contains("another process") == true)
        kill(other.processIdentifier, SIGKILL)
        #expect(await eventually { Journal.holder(path: path) == nil })
        _ = try await Journal.open(path: path)
        try input.fileHandleForWriting.close()
    }
}
