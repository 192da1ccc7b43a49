// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension Pipeline {
    /// What the plan says of keys that change nothing in this file: rules for earlier versions, if
    /// all sources are clouds. The data of a cloud's image never changes, so it has no versions.
    package var rulesWithoutEffect: [String] {
        guard !sources.contains(where: \.entry.hasVersions) else { return [] }
        return targets.compactMap { target in
            let rules = target.rules
            let keys = [
                rules.keep == nil ? nil : "`keep`", rules.previous == nil ? nil : "`previous`",
                rules.expired == nil ? nil : "`expired`",
            ].compactMap { $0 }
            guard !keys.isEmpty else { return nil }
            return "\(target.position): \(keys.joined(separator: ", ")) of target "
                + "\(target.entry.shortName) change nothing: they are about earlier versions, and "
                + "images of clouds have none"
        }
    }
}
