// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import MigrationModel

extension Pipeline {
    /// The plan's warnings about keys that have no effect in this file: rules for earlier versions,
    /// if all sources are clouds. The data of a cloud's image never changes, so it has no versions.
    package var rulesWithoutEffect: [Warning] {
        guard !sources.contains(where: \.entry.hasVersions) else { return [] }
        return targets.compactMap { target in
            let rules = target.rules
            let keys = [
                rules.keep == nil ? nil : "keep", rules.previous == nil ? nil : "previous",
                rules.expired == nil ? nil : "expired",
            ].compactMap { $0 }
            guard !keys.isEmpty else { return nil }
            return .rulesWithoutEffect(
                place: "\(target.position)", keys: keys, target: target.entry.shortName)
        }
    }
}
