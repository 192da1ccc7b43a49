// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage

/// The names of projects by their ids, as far as the tokens of a pipeline may ask Keystone: those of
/// their own users, and all if one is an administrator's.
///
/// For people: what cannot be asked has no name, and nothing fails.
actor ProjectNames {
    private struct Place {
        let session: CloudSession
        /// False once Keystone refused to say the name of another project.
        var mayAskOthers = true
    }

    private let sessions: @Sendable () async -> [CloudSession]
    private var places: [Place] = []
    private var known: [String: String]?
    private var unknown: Set<String> = []

    /// Projects that Keystone is asked for by id.
    private static let askedMax = 200

    /// - Parameter sessions: of the pipeline's clouds; asked for once, at the first id.
    init(_ sessions: @escaping @Sendable () async -> [CloudSession]) { self.sessions = sessions }

    /// The names of those that are known.
    func names(of ids: [String]) async -> [String: String] {
        var found: [String: String] = [:]
        for id in Set(ids) { found[id] = await name(of: id) }
        return found
    }

    private func name(of id: String) async -> String? {
        if known == nil { await learnOwn() }
        if let name = known?[id] { return name }
        guard unknown.count < Self.askedMax, unknown.insert(id).inserted else { return nil }
        for index in places.indices where places[index].mayAskOthers {
            do throws(TranshipError) {
                guard let name = try await places[index].session.projectName(ofID: id) else {
                    continue
                }
                known?[id] = name.withControlsShown
                return name
            } catch {
                // Another Keystone may have that project.
                if error.code != .notFound { places[index].mayAskOthers = false }
            }
        }
        return nil
    }

    private func learnOwn() async {
        places = await sessions().map { Place(session: $0) }
        var names: [String: String] = [:]
        for place in places {
            for project in (try? await place.session.ownProjects()) ?? [] {
                names[project.id] = project.name.withControlsShown
            }
        }
        known = names
    }
}
