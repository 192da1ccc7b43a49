// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import ChecksumVerifiers
import Digests
import GlanceServer
import ImageUploaders
import MigrationJournal
import MigrationModel
import MigrationPipeline
import OpenStackImage
import PipelineFiles
import Planning
import Publishing
import TaskWaiters
import TestSupport

@testable import SourceReaders

/// The meeting of one state in the journal with one state of the image at the target: a journal
/// whose run was cut off, a record, and the next run with both. Everything is real except for the
/// two services and the clock, which jumps to the awaited time.
final class Encounter {
    /// The end of the encounter.
    struct Ending {
        /// The action in the plan.
        var action: PlanAction?
        var transfer: Transfer
        var waitedSeconds: Int64
        /// The method and path of every request that changes something.
        var changes: [String]
        /// The id of the record that the run found.
        var firstID: String
        /// The bytes at the target under the id with which the journal ends.
        var data: [UInt8]?
        var bytes: [UInt8]

        var isRight: Bool { data == bytes }

        func asked(_ method: String, _ path: String) -> Bool {
            changes.contains("\(method) /v2/images\(path)")
        }

        var wasDiscarded: Bool { asked("DELETE", "/\(firstID)") }
        var wasSent: Bool {
            guard let id = transfer.imageID else { return false }
            return asked("PUT", "/\(id)/file") || asked("PUT", "/\(id)/stage")
        }
    }

    private let meeting: Meeting
    private let beta: GlanceServer
    private let clock = Clock()

    /// - Parameter keepID: the value in the pipeline file.
    init(method: String, keepID: String = "false") throws {
        meeting = try Meeting(
            target: "{ cloud: beta, method: \(method), "
                + "image: { visibility: community, keep_id: \(keepID) } }")
        beta = try GlanceServer()
        beta.endImports()
    }

    func play(_ ours: Ours, _ found: Found) async throws -> Ending {
        let item = try await meeting.begin(ours, at: target(), now: clock.now) { $0.promise }
        let id = item.firstImageID
        try put(found, id, marker: item.origin.propertyValue)
        let asked = beta.changes.count
        let begin = clock.now
        let (action, end) = try await meeting.goOn(
            item, at: target(), now: clock.now, clock.surroundings)
        return Ending(
            action: action, transfer: end, waitedSeconds: (clock.now - begin) / 1000,
            changes: Array(beta.changes.dropFirst(asked)), firstID: id,
            data: end.imageID.flatMap { beta.data($0) }, bytes: meeting.bytes)
    }

    private func put(_ found: Found, _ id: String, marker: String) throws {
        guard let status = found.status else {
            if found == .deleted { beta.burn(id) }
            return
        }
        var fields: [String: JSONValue] = [
            "status": .string(status), "name": "original", Origin.propertyName: .string(marker),
        ]
        switch found {
        case .right, .deactivated: beta.put(id, data: meeting.bytes, fields)
        case .wrong: beta.put(id, data: noise(1000, seed: 9), fields)
        case .unhashed:
            beta.put(id, data: meeting.bytes, fields)
            beta.put(id, ["checksum": nil, "os_hash_algo": nil, "os_hash_value": nil])
        case .spoiled:
            fields["checksum"] = "d41d8cd98f00b204e9800998ecf8427e"
            beta.put(id, fields)
        default: beta.put(id, fields)
        }
    }

    // MARK: The run

    private func target() -> OpenedTarget {
        let clock = clock
        let now: @Sendable () -> Int64 = { clock.now }
        return OpenedTarget(
            key: "beta", endpoint: "beta",
            uploader: CloudUploader(targetKey: "beta", service: beta.service, now: now),
            waiter: ImportWaiter(service: beta.service, now: now, jitter: { 0.5 }),
            publisher: CloudPublisher(service: beta.service))
    }
}
