// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Dispatch
internal import Foundation
internal import GRDB
internal import MigrationModel

/// The plan that a process makes: the images that the targets list, the images that the sources
/// want to copy, and the decisions. It has its own database beside the journal, so it can be made
/// while a run has the journal, and memory does not grow with the number of images.
///
/// The file and its lock exist until this object is freed. A process that dies leaves a file that
/// the next plan empties.
public final class Plan: DatabaseAccess {
    let database: any DatabaseWriter
    private let file: String?
    private let lock: JournalLock?
    var path: String { file ?? "the plan" }
    let passage: Journal.Passage?
    let commits: CommitQueue
    let reads = DispatchQueue(label: "tranship.plan.reads")
    private let state = Guarded(false)

    /// The purpose of a plan. Each purpose has its own file, so that a check works while a run
    /// plans, and a run begins while someone looks at a plan.
    public enum Purpose: String, CaseIterable, Sendable {
        /// The plan that is shown.
        case plan = "preview"
        case check
        /// The lists of `prune` and of `series rollback`.
        case prune, rollback
        /// The plan that a run carries out, or that another command with the journal's lock makes.
        case run

        /// The name of the file in the message that another process has it.
        var what: String {
            switch self {
            case .plan: "the plan"
            case .check: "the comparison of `check`"
            case .prune: "the list of `prune`"
            case .rollback: "the list of `series rollback`"
            case .run: "the plan of a run"
            }
        }
    }

    /// Opens an empty plan beside a journal, or in memory beside one in memory.
    ///
    /// - Throws: ``TranshipError/Code/journalInUse`` while another process plans
    ///   beside the same journal; ``TranshipError/Code/journalFailed``.
    public init(
        beside journal: Journal, for purpose: Purpose = .plan
    ) throws(TranshipError) {
        if journal.isInMemory {
            database = try Journal.describing(journal.path) { try DatabaseQueue() }
            file = nil
            lock = nil
            passage = journal.passage
        } else {
            let path = Plan.path(beside: journal.path, for: purpose)
            try Journal.makeFolder(of: path)
            try OwnFile.checkPlace(of: path)
            lock = try JournalLock(
                path: path, what: purpose.what, hint: "wait until that process ends")
            database = try Journal.describing(path) {
                try Plan.removeLeftover(path)
                try OwnFile.make(path)
                var configuration = Configuration()
                // After a crash the plan is made again, so it needs no syncs. Its lock keeps others
                // out, so no access has to check if another process has changed the file.
                configuration.prepareDatabase { db in
                    try db.execute(
                        sql: """
                            PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY;
                            PRAGMA synchronous = OFF
                            """)
                }
                return try DatabaseQueue(path: path, configuration: configuration)
            }
            file = path
            passage = nil
        }
        let database = database
        commits = CommitQueue(database, hook: journal.hook)
        try Journal.describing(file ?? journal.path) {
            // The id comes first, so that each file which begins like a database has it.
            try database.write { db in
                try db.execute(sql: "PRAGMA application_id = \(Schema.planID)")
                try db.execute(sql: Schema.plan)
            }
        }
    }

    deinit {
        if let file { try? FileManager.default.removeItem(atPath: file) }
        lock?.removeFile()
    }

    /// Returns the path, such as `NAME.sqlite-run` beside `NAME.sqlite`, with another ending for
    /// each purpose. No pipeline's journal has such an ending.
    static func path(beside journalPath: String, for purpose: Purpose = .plan) -> String {
        "\(journalPath)-\(purpose.rawValue)"
    }

    /// Removes the file that a killed process left.
    ///
    /// - Throws: ``TranshipError/Code/journalFailed`` for a file that is not a plan.
    private static func removeLeftover(_ path: String) throws {
        func inTheWay(_ words: String) -> TranshipError {
            TranshipError(
                .journalFailed, "\(path) \(words)",
                hint: "move it elsewhere, or name another journal with --journal PATH")
        }
        let head: [UInt8]?
        do throws(WholeFile.Problem) {
            head = try WholeFile.head(path, bytes: 100, followsLinks: false)
        } catch {
            throw inTheWay(error.words)
        }
        guard let head else { return }
        guard isPlan(Data(head)) else { throw inTheWay("is in the way: Tranship did not write it") }
        try FileManager.default.removeItem(atPath: path)
    }

    /// True for the header of a plan
    /// (<https://www.sqlite.org/fileformat.html#the_database_header>), and for a header that never
    /// reached the disk: then the file is empty or begins with zeros.
    static func isPlan(_ header: Data) -> Bool {
        guard header.contains(where: { $0 != 0 }) else { return true }
        let id = header.dropFirst(68).prefix(4).reduce(0) { $0 << 8 | Int($1) }
        return header.starts(with: Array("SQLite format 3\0".utf8)) && id == Schema.planID
    }

    /// Empties the plan.
    public func begin() async throws(TranshipError) {
        state.withLock { $0 = false }
        try await write { db in
            try db.execute(cached: "DELETE FROM plan_item")
            try db.execute(cached: "DELETE FROM target_image")
            try db.execute(cached: "DELETE FROM plan_change")
            try db.execute(cached: "DELETE FROM plan_upstream")
        }
    }

    /// Marks the plan as decided, so that it can be carried out.
    public func finish() { state.withLock { $0 = true } }

    /// False for a plan that is not complete. No run takes it over.
    public var isFinished: Bool { state.withLock { $0 } }

    /// Reads the plan within a write of the journal.
    func readNow<Value>(_ work: (Database) throws -> Value) throws -> Value {
        try database.unsafeRead(work)
    }
}
