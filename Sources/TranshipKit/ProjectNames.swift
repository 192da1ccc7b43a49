// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage

/// The names of projects by their ids, as far as the tokens of a pipeline contain them or may ask
/// Keystone. A user's token may ask for the user's own projects, an administrator's for all.
///
/// The names are for people: a project that cannot be asked for has no name, and nothing fails.
actor ProjectNames {
    private struct Place {
        let session: CloudSession
        /// False after Keystone refused to return the name of another project.
        var mayAskOthers = true
    }

    private let sessions: [CloudSession]
    /// The ids that have no name, because no Keystone confirmed that it has them.
    nonisolated let unnamed: Set<String>
    private var places: [Place] = []
    private var known: [String: String]?
    private var asksOthers = false
    private var unknown: Set<String> = []

    /// The maximum number of projects to ask Keystone for by id.
    private static let askedMax = 200

    /// - Parameters:
    ///   - sessions: the sessions of the pipeline's sources and targets.
    ///   - unnamed: ids of projects that no Keystone confirmed. Another Keystone may have a
    ///     different project with such an id, whose name would be wrong.
    init(_ sessions: [CloudSession], without unnamed: Set<String> = []) {
        self.sessions = sessions
        self.unnamed = unnamed
    }

    /// Returns the names of those projects whose names are known.
    func names(of ids: [String]) async -> [String: String] {
        var found: [String: String] = [:]
        for id in Set(ids).subtracting(unnamed) { found[id] = await name(of: id) }
        return found
    }

    private func name(of id: String) async -> String? {
        if known == nil { await learnFromTokens() }
        if let name = known?[id] { return name }
        if !asksOthers { await learnOwn() }
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

    private func learnFromTokens() async {
        var names: [String: String] = [:]
        for session in sessions {
            guard let token = try? await session.authenticate(), let id = token.projectID,
                let name = token.projectName
            else { continue }
            names[id] = name.withControlsShown
        }
        known = names
    }

    private func learnOwn() async {
        asksOthers = true
        // A user's projects do not depend on the project of the token, so ask each cloud once.
        var clouds: Set<String> = []
        places = sessions.filter { clouds.insert($0.cloudName).inserted }
            .map { Place(session: $0) }
        var names = known ?? [:]
        for place in places {
            for project in (try? await place.session.ownProjects()) ?? [] {
                names[project.id] = project.name.withControlsShown
            }
        }
        known = names
    }
}
