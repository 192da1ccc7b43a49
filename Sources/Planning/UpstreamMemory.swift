// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// The rules for remembered versions of an upstream. Pure.
struct UpstreamMemory {
    /// The facts that the last run found; nil for a new series.
    let known: Upstream?
    /// Versions that were copied to some target.
    let copied: Set<String>

    private var newest: String? { copied.max { VersionOrder.isEarlier($0, $1) } }

    /// Refuses an older version, unless the rules allow it.
    ///
    /// - Parameter place: the place of the data, for the message.
    func downgrade(
        to version: String, _ rules: UpstreamRules, _ place: String
    ) -> TranshipError? {
        guard !rules.allowsDowngrade, let newest, VersionOrder.isEarlier(version, newest) else {
            return nil
        }
        return TranshipError(
            .olderVersion,
            "\(place) has version \(version), which is older than version \(newest), copied before",
            hint: "ask its publisher; a mirror may be stale, or someone serves an old release on "
                + "purpose. `allow_downgrade: true` at the source accepts the older version")
    }

    /// Returns the note about an older version that the pipeline accepts.
    func acceptedDowngrade(to version: String) -> Note? {
        guard let newest, VersionOrder.isEarlier(version, newest) else { return nil }
        return .olderVersionAccepted(version: version, newest: newest)
    }

    /// Refuses a list that another key signed than before, although the operator did not change the
    /// keyring.
    func otherKey(_ rules: UpstreamRules, _ place: String) -> TranshipError? {
        guard let (before, now) = keys(rules), known?.keyring == rules.keyringDigest else {
            return nil
        }
        let keyring = rules.keyring ?? "the keyring"
        return TranshipError(
            .signatureRefused,
            "the checksum of \(place) is signed by key \(now), and before it was by key \(before)",
            hint: "ask the publisher whether the key has changed. If so, take the old key out of "
                + "\(keyring), or name a keyring without it with `signed_by`: a changed keyring "
                + "accepts the new key")
    }

    /// Returns the note about another key after the operator changed the keyring.
    func acceptedKey(_ rules: UpstreamRules) -> Note? {
        keys(rules).map { before, now in .otherKeyAccepted(now: now, before: before) }
    }

    /// Returns the keys before and now, if none of the signers signed before. A publisher that
    /// changes its key signs with both for a while.
    private func keys(_ rules: UpstreamRules) -> (before: String, now: String)? {
        guard let before = known?.signers, let now = rules.signers.first else { return nil }
        guard Set(before).isDisjoint(with: rules.signers) else { return nil }
        return (before.joined(separator: " and "), now)
    }

    /// Returns the facts to remember.
    func found(
        _ image: SourceImage, _ lineageID: String, _ rules: UpstreamRules, at now: Int64
    ) -> Upstream {
        // Several keys may sign, in any order.
        let signers = Set(rules.signers).sorted()
        var upstream = Upstream(
            lineage: image.lineage, lineageID: lineageID, version: image.version,
            fingerprint: image.fingerprint, since: now, signers: signers.isEmpty ? nil : signers,
            keyring: rules.keyringDigest)
        upstream.look = rules.look
        upstream.selector = rules.selector
        // The clock of an earlier run may have been fast.
        if let known, known.isSameVersion(as: upstream) { upstream.since = min(known.since, now) }
        return upstream
    }
}
