// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Foundation
import GRDB
import MigrationModel
import TestSupport

@testable import MigrationJournal

/// Bytes as the contents of a row of the journal: a first line with the name of a table, a state
/// and a time, and then the JSON of the body.
enum FuzzedJournalRow {
    static func run(_ bytes: [UInt8]) {
        let line = bytes.prefix { $0 != 0x0A }
        let words = String(decoding: line, as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        let json = Data(bytes.dropFirst(line.count + 1))
        switch words.first {
        case "spool": read(SpoolEntry.self, json) { _ = ($0.point, $0.emptied) }
        case "plan":
            read(PlanItem.self, json) { item in
                use(item.source)
                if let start = item.start { use(start) }
            }
        case "target": read(TargetImage.self, json) { _ = $0 }
        case "image": read(SourceImage.self, json, use)
        default:
            for transfer in transfers(state: words[0], dueAt: words.last, json) { use(transfer) }
        }
    }

    /// Reads a row of the plan or of the spool.
    private static func read<Value: Decodable>(
        _ type: Value.Type, _ json: Data, _ use: (Value) -> Void
    ) {
        guard let packed = try? Body.pack(json: json),
            let value = try? Body.unpack(type, packed)
        else { return }
        use(value)
    }

    /// Returns the transfers of a journal whose only row of work has these values.
    static func transfers(state: String, dueAt: String?, _ json: Data) -> [Transfer] {
        let read = try? world.journal.database.unsafeReentrantWrite { db in
            try db.execute(
                cached: "UPDATE work SET state = ?, due_at = ?, body = ?",
                arguments: [
                    state, dueAt.flatMap { Int64($0) },
                    try Body.pack(json: json, knowing: world.known),
                ])
            return try TransferRows.transfers(db, where: "TRUE", [])
        }
        return read ?? []
    }

    private static func use(_ source: SourceImage) {
        _ = (source.displayName, source.updatedAt.flatMap(UTCTime.unixSeconds))
        _ = ImageIdentity.origin(of: source, project: "p")
    }

    /// Uses a transfer as a run does before it sends a request.
    private static func use(_ transfer: Transfer) {
        use(transfer.source)
        _ = Transfer.othersPatienceSeconds(sizeBytes: transfer.sizeBytes)
        _ = Ownership(of: Sample.target(transfer.imageID ?? "1"), transfer)
        _ = (try? transfer.recordID(), transfer.isSourceFlaky)
        var next = transfer
        next.tries.attempts += 1
        next.tries.surprises += 1
        next.tries.importFailures += 1
        _ = next.wait.noteBusy("v", now: 1_700_000_000_000)
        next.reading?.add(from: 0, countBytes: 1 << 40)
        next.reading?.reopenings += 1
        next.reading?.restarts += 1
        next.abandonRecord()
        _ = next.foundWhole
        _ = transfer.wait.dueAt.map(Timestamp.text)
        _ = transfer.renewed().retried()
    }

    private struct World {
        let journal: Journal
        /// The data against which the row of `work` is compressed.
        let known: Data
    }

    private static let world: World = {
        let opened = Guarded<World?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            defer { done.signal() }
            guard let journal = try? Journal.inMemory(),
                (try? await journal.takeOver([Sample.item()])) != nil,
                let image = try? Body.json(Sample.source())
            else { return }
            let known = TransferRows.words(image, Sample.item().origin.versionID)
            opened.withLock { $0 = World(journal: journal, known: known) }
        }
        done.wait()
        guard let world = opened.withLock({ $0 }) else {
            preconditionFailure("cannot make a journal")
        }
        return world
    }()
}
