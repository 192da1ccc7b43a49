// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// The ids of the projects that a plan involves.
final class ProjectsSeen: Sendable {
    private let found = Guarded<(owners: Set<String>, members: Set<String>)>(([], []))

    func note(_ projects: [String?]) {
        found.withLock { found in
            for case let id? in projects where !id.isEmpty { found.owners.insert(id) }
        }
    }

    func note(members: some Sequence<String>) {
        found.withLock { found in
            for id in members where !id.isEmpty { found.members.insert(id) }
        }
    }

    var ids: Set<String> { found.withLock { $0.owners } }
    var memberIDs: Set<String> { found.withLock { $0.members } }
}
