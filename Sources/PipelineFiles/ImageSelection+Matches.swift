// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ImageSelection {
    /// True when every condition holds.
    ///
    /// `selfProjectID` is who `owner: self` means; nil (a cloud without
    /// Keystone) lets everybody's images pass. `nowUnixSeconds` is what a span
    /// counts back from.
    public func matches(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64) -> Bool
    {
        mismatch(facts, selfProjectID: selfProjectID, nowUnixSeconds: nowUnixSeconds) == nil
    }

    /// The first condition that does not hold, in words that can follow "is
    /// left out: "; nil when all hold. Tells an operator who named an id why
    /// that image is not in the plan.
    public func mismatch(_ facts: ImageFacts, selfProjectID: String?, nowUnixSeconds: Int64)
        -> String?
    {
        if !ids.isEmpty, !ids.contains(facts.id) { return "its id is not in `id`" }
        if !names.isEmpty, !names.contains(where: { $0.matches(facts.name ?? "") }) {
            return "its name \"\(facts.name ?? "")\" fits none in `name`"
        }
        if let owner, let reason = Self.ownerMismatch(owner, facts, selfProjectID) { return reason }
        if let visibility, !visibility.contains(where: { $0.rawValue == facts.visibility }) {
            return "its visibility is \(facts.visibility)"
        }
        if let statuses, !statuses.contains(facts.status) { return "its status is \(facts.status)" }
        if let tag = tags.first(where: { !facts.tags.contains($0) }) {
            return "it has no tag \"\(tag)\""
        }
        for (name, value) in properties.sorted(by: { $0.key < $1.key })
        where facts.properties[name] != value {
            return "its property \(name) is "
                + (facts.properties[name].map { "\"\($0)\"" } ?? "not set")
        }
        return sizeMismatch(facts) ?? ageMismatch(facts, nowUnixSeconds)
            ?? flagMismatch(facts)
    }

    private static func ownerMismatch(
        _ owner: Owner, _ facts: ImageFacts, _ selfProjectID: String?
    ) -> String? {
        let wanted: String
        switch owner {
        case .any: return nil
        case .selfProject:
            guard let selfProjectID else { return nil }
            wanted = selfProjectID
        case .project(let id): wanted = id
        }
        guard facts.owner != wanted else { return nil }
        return "its owner is " + (facts.owner ?? "nobody")
    }

    private func sizeMismatch(_ facts: ImageFacts) -> String? {
        guard sizeMinBytes != nil || sizeMaxBytes != nil else { return nil }
        guard let size = facts.sizeBytes else { return "its size is not known" }
        if let sizeMinBytes, size < sizeMinBytes { return "its size is \(ByteCount.format(size))" }
        if let sizeMaxBytes, size > sizeMaxBytes { return "its size is \(ByteCount.format(size))" }
        return nil
    }

    private func ageMismatch(_ facts: ImageFacts, _ nowUnixSeconds: Int64) -> String? {
        let earliest: Int64?
        switch updatedAfter {
        case nil: return nil
        case .date(let text): earliest = UTCTime.unixSeconds(text)
        case .span(let seconds): earliest = nowUnixSeconds - seconds
        }
        guard let earliest, let updated = facts.updatedAt.flatMap(UTCTime.unixSeconds) else {
            return "nobody knows when it was updated"
        }
        return updated >= earliest ? nil : "it was updated at \(facts.updatedAt ?? "")"
    }

    private func flagMismatch(_ facts: ImageFacts) -> String? {
        if case .only(let wanted) = hidden, facts.isHidden != wanted {
            return facts.isHidden ? "it is hidden" : "it is not hidden"
        }
        switch snapshots {
        case .include: return nil
        case .exclude: return facts.isSnapshot ? "it is a snapshot" : nil
        case .only: return facts.isSnapshot ? nil : "it is no snapshot"
        }
    }
}
