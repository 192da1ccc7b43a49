// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import GlanceModel
import HTTPTransport
import MigrationModel

/// The answers of services about the images at the targets, true or not: a process cannot know
/// more.
struct Told: Sendable {
    /// Digests of the data by target and image, as the service reported them.
    private var checksums: [String: Set<Checksum>] = [:]
    /// By image: true if its latest shown record is private and not protected.
    private var isAsMade: [String: Bool] = [:]

    static func key(_ place: String, _ id: String) -> String { "\(place)/\(id)" }

    /// Notes an answer as the process gets it.
    mutating func note(_ answer: HTTPResponse, to request: HTTPRequest) {
        let (place, path, _) = World.parts(request.url)
        guard path.first == "v2", path.count > 1, path[1] == "images", path.count < 4,
            answer.isSuccess, let value = JSONValue(text: answer.body)
        else { return }
        note(value, at: place, latestOf: path.count == 3 ? path[2] : nil)
        for record in value["images"]?.array ?? [] { note(record, at: place, latestOf: nil) }
    }

    private mutating func note(_ record: JSONValue, at place: String, latestOf asked: String?) {
        guard let id = record["id"]?.string else { return }
        let key = Self.key(place, id)
        if let name = record["os_hash_algo"]?.string?.lowercased(),
            let algorithm = Checksum.Algorithm(rawValue: name),
            let value = record["os_hash_value"]?.string,
            let checksum = try? Checksum(algorithm, value)
        {
            checksums[key, default: []].insert(checksum)
        }
        if let value = record["checksum"]?.string, let checksum = try? Checksum(.md5, value) {
            checksums[key, default: []].insert(checksum)
        }
        if asked == id {
            isAsMade[key] = record["visibility"] == "private" && record["protected"] == false
        }
    }

    /// Notes data that the process has read back from a target.
    mutating func noteData(_ bytes: [UInt8], of id: String, at place: String) {
        for algorithm in [Checksum.Algorithm.md5, .sha256, .sha512] {
            guard let sum = try? digest(algorithm, of: bytes) else { continue }
            checksums[Self.key(place, id), default: []].insert(sum)
        }
    }

    func isAsMade(_ id: String, at place: String) -> Bool {
        isAsMade[Self.key(place, id)] ?? false
    }

    /// Returns the reason why no answer proves the copy of a transfer; nil if one does.
    ///
    /// - Parameter sent: the body that this host has sent into the record; nil if it sent none, or
    ///   if the record is gone.
    func doubt(_ transfer: Transfer, sent: [UInt8]?) -> String? {
        let id = transfer.imageID ?? ""
        if let sent, let promised = transfer.proof.promised,
            let own = try? digest(promised.algorithm, of: sent), !own.matches(promised)
        {
            return "the bytes break their promise"
        }
        let known = checksums[Self.key(transfer.targetKey, id)] ?? []
        let promises =
            [transfer.proof.promised].compactMap { $0 } + transfer.source.checksums
            + (sent == nil ? transfer.proof.computed : [])
        let isProved = known.contains { told in
            if promises.contains(where: { $0.matches(told) }) { return true }
            guard let sent, let own = try? digest(told.algorithm, of: sent) else { return false }
            return own.matches(told)
        }
        return isProved ? nil : "the target never reported its data"
    }
}
