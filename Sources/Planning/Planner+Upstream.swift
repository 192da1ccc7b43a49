// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationJournal
internal import MigrationModel
internal import MigrationPipeline

/// Compares an upstream's offer of today with its earlier ones, against the attacks that The Update
/// Framework describes: rollback, freeze, and keys that change.
extension Planner {
    /// Returns what the last plan found at a source, without its look at data that could not be
    /// copied since then. An unchanged list of checksums does not prove that the data is available.
    func remembered(
        _ lineage: String, _ place: String?
    ) async throws(TranshipError) -> Upstream? {
        let lineageID = ImageIdentity.lineageID(lineage)
        guard let found = try await journal.upstream(ofLineage: lineageID, at: place) else {
            return nil
        }
        return try await withoutFailedLook(found)
    }

    /// Returns the same as ``remembered(_:_:)``, for all products of an index.
    func remembered(_ selector: String) async throws(TranshipError) -> [Upstream] {
        var found: [Upstream] = []
        for upstream in try await journal.upstreams(ofSelector: selector) {
            found.append(try await withoutFailedLook(upstream))
        }
        return found
    }

    private func withoutFailedLook(_ upstream: Upstream) async throws(TranshipError) -> Upstream {
        guard let look = upstream.look else { return upstream }
        var found = upstream
        // Without a promise, ETag or time, each plan looks in any case.
        let mayBePassedOver =
            look.image.promise != nil || look.eTag != nil || look.lastModified != nil
        if mayBePassedOver,
            try await journal.hasFailed(
                look.image.fingerprint, ofLineage: upstream.lineageID,
                at: Set(targets.map(\.opened.key)))
        {
            found.look = nil
        }
        return found
    }

    /// Refuses an older version and another key, warns about a version that has not changed for
    /// long, and records what the source offers.
    func compared(_ given: ListedImage) async throws(TranshipError) -> ListedImage {
        seriesSources.note(given)
        vanished.note(given)
        // Most images of clouds: the memory says nothing of them.
        guard given.upstream != nil || mayBeContinued(given) else { return given }
        let lineageID = ImageIdentity.lineageID(given.image.lineage)
        // Each of several sources has its own versions.
        let place = given.series?.allowsSeveral == true ? given.image.place : nil
        let known = try await journal.upstream(ofLineage: lineageID, at: place)
        var listed = try await continued(given, lineageID, known)
        guard let rules = listed.upstream else { return listed }
        if listed.refusal == nil, let version = listed.image.version {
            let copied = try await journal.copiedVersions(ofLineage: lineageID, at: place)
            let memory = UpstreamMemory(known: known, copied: copied)
            let refusal = memory.downgrade(to: version, rules, listed.image.location)
            // An operator who rolls back to a version accepts that its publisher does the same.
            if refusal != nil, try await !isRolledBack(to: listed.image) {
                listed.refusal = refusal
            }
            if listed.refusal == nil, let note = memory.acceptedDowngrade(to: version) {
                listed.notes.append(note)
            }
        }
        let memory = UpstreamMemory(known: known, copied: [])
        if listed.refusal == nil { listed.refusal = memory.otherKey(rules, listed.image.location) }
        if listed.refusal == nil, let note = memory.acceptedKey(rules) { listed.notes.append(note) }
        // A refused version is not remembered; the last good version continues to age.
        var upstream = known
        if listed.refusal == nil {
            upstream = memory.found(listed.image, lineageID, rules, at: nowMilliseconds)
        }
        upstream?.place = place
        upstream?.staleAfterSeconds = rules.staleAfterSeconds
        guard let upstream else { return listed }
        if let note = upstream.staleNote(at: nowMilliseconds) {
            listed.notes.append(note)
            tell(.warning(.note(note)))
        }
        try await plan.add(upstream)
        return listed
    }

    /// Warns about products that an index had before, while the entry selected the same.
    func tellVanished() async throws(TranshipError) {
        for selector in vanished.selectors {
            for upstream in try await journal.upstreams(ofSelector: selector)
            where vanished.isMissing(upstream) {
                tell(
                    .warning(
                        .productGone(series: upstream.series, place: upstream.placeWords)))
            }
        }
    }

    private func isRolledBack(to image: SourceImage) async throws(TranshipError) -> Bool {
        let held = try await journal.heldVersions()
        return targets.contains { target in
            let project = target.opened.projectID ?? ""
            let versionID = ImageIdentity.origin(of: image, project: project).versionID
            return held.contains {
                $0.targetKey == target.opened.key && $0.currentVersionID == versionID
            }
        }
    }

    private var nowMilliseconds: Int64 { nowUnixSeconds.clampedProduct(1000) }
}
