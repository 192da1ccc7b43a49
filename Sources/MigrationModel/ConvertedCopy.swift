// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// Facts about copies whose data the target converted on import. The target's digest is of
/// converted data, which was neither promised nor sent, so the digest proves nothing.
extension Transfer {
    /// The target's conversion of the data, such as `disk format qcow2 -> raw`; nil if the target
    /// has the data as it was sent.
    public var conversion: String? {
        for case .transformed(let difference) in remarks { return difference.words }
        return nil
    }

    /// The target's checksums that were compared with the sent or promised data; empty for a copy
    /// that the target converted.
    public var proofs: [Checksum] { conversion == nil ? proof.reported : [] }

    /// True if the target converted the copy, and the data before that was hashed here and kept the
    /// source's promise.
    public var isProvedBeforeConversion: Bool {
        let promise = proof.promised ?? (proof.published == nil ? nil : source.published?.checksum)
        return conversion != nil && promise != nil && !proof.computed.isEmpty
    }

    /// The proof of a complete copy, in words.
    public var proofWords: String {
        if let conversion {
            guard isProvedBeforeConversion else {
                return "nothing proves it: the target converted it (\(conversion))"
            }
            let what =
                method.isServerSide || placement.isAdopted ? "what the source has" : "what was sent"
            return "\(what) is proved; the target converted it (\(conversion))"
        }
        if proof.reported.isEmpty { return "not provable" }
        if placement.isAdopted {
            let what = proof.computed.isEmpty ? "was promised" : "the source has"
            return "found at the target, which reports what \(what); nothing was sent"
        }
        return proof.promised == nil
            ? "the target reports what was sent" : "the target reports what was promised"
    }

    /// The method by which this journal got the data to the target, as reports name it; `none` for
    /// data that was at the target before.
    public var methodWord: String { placement.isAdopted ? "none" : method.rawValue }

    /// Removes remarks about a conversion, because the target has the data as it was sent.
    package mutating func noteUnconverted() {
        remarks.removeAll { if case .transformed = $0 { true } else { false } }
    }
}
