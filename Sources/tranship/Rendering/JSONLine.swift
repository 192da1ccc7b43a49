// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel

/// One line of JSON on standard output. `docs/json.md` lists the types.
struct JSONLine {
    /// The version of the format. Every line contains it.
    private static let version: Int64 = 1

    private var members: [String: JSONValue]

    init(_ type: String, _ members: [String: JSONValue?] = [:]) {
        self.members = members.compactMapValues { $0 }
        self.members["v"] = .integer(Self.version)
        self.members["type"] = .string(type)
    }

    var value: JSONValue { .object(members) }

    /// The members of the line, without those that every line has.
    var record: [String: JSONValue] { members.filter { !["v", "type"].contains($0.key) } }

    /// Writes the line, with the time as `time` (RFC 3339). If the command prints a table, adds the
    /// line to the table instead.
    func put() {
        if TableOfLines.take(self) { return }
        var line = self
        line.members["time"] = .string(Timestamp.text(Timestamp.now()))
        Terminal.putJSON(line.value.text())
    }
}

extension Transfer {
    /// The path of the data: `spool` or `stream`. nil if no plan decided it.
    var way: String? {
        intent.wayReason == nil || method.isServerSide ? nil : intent.spools ? "spool" : "stream"
    }

    /// The members of every line about a transfer.
    var jsonMembers: [String: JSONValue?] {
        [
            "id": .integer(id), "name": .string(source.displayName),
            "source": .string(source.key), "target": .string(targetKey),
            "state": .string(state.rawValue), "method": .string(methodWord),
            "image_id": imageID.map { .string($0) }, "size": proof.sizeBytes.map { .integer($0) },
            "method_reason": .string(intent.methodReason?.words ?? ""),
            "method_reason_code": intent.methodReason.map { .string($0.code) },
            "stores": .array(placement.heldStores.map { .string($0) }),
            "remarks": .array(remarks.map { .string($0.words) }),
            "remark_codes": .array(remarks.map { .string($0.code) }),
            "computed": .array(proof.computed.map { .string("\($0)") }),
            "attempts": .integer(Int64(tries.attempts)), "reading": reading?.json,
            "transfer": way.map { .string($0) },
            "transfer_reason": way == nil ? nil : intent.wayReason.map { .string($0.words) },
            "transfer_reason_code": way == nil ? nil : intent.wayReason.map { .string($0.code) },
            "note": wait.reason.map { .string($0) },
            "note_code": wait.cause.map { .string($0.code) },
            "promise": proof.promised.map { .string("\($0)") },
            "published": source.published?.json(proof.published),
            "version": source.version.map { .string($0) },
            "signed_by": source.signedBy.map { .string($0) },
            "proofs": .array(proofs.map { .string("\($0)") }),
            "error": failure.map {
                .object([
                    "code": .string($0.code.rawValue), "message": .string($0.message),
                    "hint": $0.hint.map { .string($0) } ?? .null,
                ])
            },
        ]
    }
}

extension PublishedData {
    /// - Parameter proof: the result of reading the data; nil before that.
    func json(_ proof: PublishedProof?) -> JSONValue {
        .object(
            [
                "compression": compression.map { JSONValue.string($0.rawValue) },
                "converted_from": (conversion?.from).map { .string($0) },
                "converted_to": (conversion?.format.rawValue).map { .string($0) },
                "size": (proof?.sizeBytes ?? sizeBytes).map { .integer($0) },
                "promise": checksum.map { .string("\($0)") },
                "computed": (proof?.checksum).map { .string("\($0)") },
            ].compactMapValues { $0 })
    }
}

extension SourceReading {
    /// True unless the source was simply read once from start to end.
    var isRemarkable: Bool {
        againBytes > 0 || savedBytes > 0 || reopenings > 0 || restarts > 0
    }

    /// The words "12 MiB read, 1 MiB of it again; resuming saved 7 MiB".
    var words: String {
        var words = "\(ByteCount.format(readBytes)) read"
        if againBytes > 0 { words += ", \(ByteCount.format(againBytes)) of it again" }
        if savedBytes > 0 { words += "; resuming saved \(ByteCount.format(savedBytes))" }
        return words
    }

    var json: JSONValue {
        .object([
            "read": .integer(readBytes), "again": .integer(againBytes),
            "saved": .integer(savedBytes), "reopenings": .integer(Int64(reopenings)),
            "restarts": .integer(Int64(restarts)),
        ])
    }
}
