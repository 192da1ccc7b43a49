// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Digests
import Testing

@testable import OpenStackImage

@Suite("Comparing with what the service reports")
struct DataProofTests {
    private func match(
        _ fields: [String: JSONValue], _ algorithms: [Checksum.Algorithm] = [.md5, .sha512]
    ) throws -> Checksum {
        var sent: [Checksum] = []
        for algorithm in algorithms { sent.append(try digest(algorithm, of: [1, 2, 3])) }
        return try DataProof.match(
            sent, sizeBytes: 3, with: Image(json: .object(fields.merging(["id": "i"]) { $1 })))
    }

    private func text(_ algorithm: Checksum.Algorithm, _ bytes: [UInt8] = [1, 2, 3]) throws
        -> JSONValue
    {
        .string(try digest(algorithm, of: bytes).value)
    }

    @Test("the operator's hash comes before md5")
    func order() throws {
        let fields = try [
            "os_hash_algo": "sha512", "os_hash_value": text(.sha512), "checksum": text(.md5),
        ]
        #expect(try match(fields).algorithm == .sha512)
        #expect(try match(["checksum": text(.md5)]).algorithm == .md5)
        let unknown = try [
            "os_hash_algo": "sha3", "os_hash_value": "00", "checksum": text(.md5),
        ]
        #expect(try match(unknown).algorithm == .md5)
    }

    @Test("another hash or another size is a mismatch")
    func mismatch() throws {
        for fields in try [
            ["os_hash_algo": "sha512", "os_hash_value": text(.sha512, [])],
            // A right hash does not excuse a wrong checksum beside it.
            [
                "os_hash_algo": "sha512", "os_hash_value": text(.sha512),
                "checksum": text(.md5, []),
            ],
            ["checksum": text(.md5, [])], ["checksum": text(.md5), "size": 4],
        ] as [[String: JSONValue]] {
            let error = #expect(throws: TranshipError.self) { try match(fields) }
            #expect(error?.code == .verificationMismatch)
        }
    }

    /// In this case, openstacksdk passes silently.
    @Test("a null checksum proves nothing, and that is an error")
    func null() throws {
        for fields in try [
            [:], ["checksum": nil], ["os_hash_algo": "sha1", "os_hash_value": text(.sha1)],
        ] as [[String: JSONValue]] {
            let error = #expect(throws: TranshipError.self) { try match(fields) }
            #expect(error?.code == .unverifiable)
        }
    }
}
