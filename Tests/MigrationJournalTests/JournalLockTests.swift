// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import MigrationModel
import TestSupport
import Testing

@testable import MigrationJournal

@Suite(.timeLimit(.minutes(5))) struct JournalLockTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("journal.sqlite") }

    init() throws { folder = try TemporaryFolder() }

    @Test func `The second one is told who has it`() async throws {
        let journal = try await Journal.open(path: path)
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalInUse)
        #expect(error?.message.contains("is in use by process \(getpid()) on ") == true)
        let holder = Journal.holder(path: path)
        #expect(holder?.processID == getpid())
        #expect(holder?.words.hasPrefix("process \(getpid()) on ") == true)
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

    @Test func `Only this user reads and writes what is made`() async throws {
        try folder.write([], to: "journal.sqlite")
        chmod(path, 0o644)
        let journal = try await Journal.open(path: path)
        let plan = try Plan(beside: journal)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.file(""))
        #expect(files.count >= 5, "\(files)")
        for file in files {
            var facts = stat()
            #expect(stat(folder.file(file), &facts) == 0)
            #expect(facts.st_mode & 0o777 == 0o600, "\(file)")
        }
        _ = plan
    }

    @Test(arguments: ["journal.sqlite", "journal.sqlite.lock"])
    func `A link is not followed`(name: String) async throws {
        try folder.write([1, 2, 3], to: "victim")
        symlink(folder.file("victim"), folder.file(name))
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalFailed)
        #expect(
            error?.message.hasSuffix("\(name) is a symbolic link, which is not followed") == true)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: folder.file("victim"))) == Data([1, 2, 3]))
    }

    @Test(.enabled(if: geteuid() == 0, "only root gives files away"))
    func `A journal of another user is refused`() async throws {
        try folder.write([], to: "journal.sqlite")
        chown(path, 65_534, 65_534)
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(
            error?.message.contains("belongs to another user (uid 65534; this is uid 0)") == true)
    }

    @Test func `What is not a plain file is refused`() async throws {
        mkfifo(path, 0o600)
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.message.contains("not a regular file") == true)
    }

    @Test func `One that failed to open keeps no lock`() async throws {
        try folder.write(Array("nonsense, and more than a header of it".utf8), to: "journal.sqlite")
        let first = await failure { _ = try await Journal.open(path: path) }
        let second = await failure { _ = try await Journal.open(path: path) }
        #expect(first?.code == .journalFailed)
        #expect(second?.code == .journalFailed)
    }

    @Test func `A process that is killed leaves no lock behind`() async throws {
        let input = try PipeEnds()
        // The option -o: only flock itself holds the lock, and not the command that it starts.
        let other = try ChildProcess.start(
            ["flock", "-o", path + ".lock", "cat"], .init(input: input.reading))
        close(input.reading)
        let path = path
        #expect(await eventually { Journal.holder(path: path) != nil })
        let error = await failure { _ = try await Journal.open(path: path) }
        #expect(error?.code == .journalInUse)
        #expect(error?.message.contains("another process") == true)
        kill(other, SIGKILL)
        #expect(await eventually { Journal.holder(path: path) == nil })
        _ = try await Journal.open(path: path)
        close(input.writing)
        _ = ChildProcess.wait(for: other)
    }

    @Test func `A lock whose file was removed frees no other one`() throws {
        var old: JournalLock? = try JournalLock(path: path, what: "it")
        old?.removeFile()
        #expect(Journal.holder(path: path) == nil)
        let new = try JournalLock(path: path, what: "it")
        old = nil
        #expect(Journal.holder(path: path) != nil)
        #expect(throws: TranshipError.self) { _ = try JournalLock(path: path, what: "it") }
        withExtendedLifetime(new) {}
    }

    /// The number of holders at the same time.
    private final class Holders: Sendable {
        private let counts = Guarded((now: 0, most: 0, turns: 0))

        var most: Int { counts.withLock { $0.most } }
        var turns: Int { counts.withLock { $0.turns } }

        func enter() {
            counts.withLock { counts in
                counts.now += 1
                counts.turns += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func leave() { counts.withLock { $0.now -= 1 } }

        func comeAndGo(_ path: String) {
            for _ in 1...2000 {
                guard let lock = try? JournalLock(path: path, what: "it") else { continue }
                enter()
                leave()
                lock.removeFile()
            }
        }
    }

    /// Each holder removes the file that it locked, while others have it open and are about to lock
    /// it.
    @Test func `Of many that come and go, one at a time has it`() async throws {
        let holders = Holders()
        await withTaskGroup(of: Void.self) { [path] group in
            for _ in 1...4 { group.addTask { holders.comeAndGo(path) } }
        }
        #expect(holders.most == 1)
        #expect(holders.turns > 4)
        #expect(!FileManager.default.fileExists(atPath: path + ".lock"))
    }

    @Test func `A plan leaves no lock behind, also not after one that was in use`() async throws {
        let journal = try await Journal.open(path: path)
        do {
            let plan = try Plan(beside: journal)
            #expect(throws: TranshipError.self) { _ = try Plan(beside: journal) }
            withExtendedLifetime(plan) {}
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!files.contains { $0.contains("plan") }, "\(files)")
        _ = try Plan(beside: journal)
    }
}
