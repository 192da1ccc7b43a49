// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage

/// The names of projects by their ids, as far as the tokens of a pipeline say them or may ask
/// Keystone: those of their own users, and all if one is an administrator's.
///
/// For people: what cannot be asked has no name, and nothing fails.
actor ProjectNames {
    private struct Place {
        let session: CloudSession
        /// False once Keystone refused to say the name of another project.
        var mayAskOthers = true
    }

    private let sessions: [CloudSession]
    /// Ids that have no name: no Keystone said that it has them.
    nonisolated let unnamed: Set<String>
    private var places: [Place] = []
    private var known: [String: String]?
    private var asksOthers = false
    private var unknown: Set<String> = []

    /// Projects that Keystone is asked for by id.
    private static let askedMax = 200

    /// - Parameters:
    ///   - sessions: of the pipeline's sources and targets.
    ///   - unnamed: ids whose project is not known; one with the same id at another Keystone is not it.
    init(_ sessions: [CloudSession], without unnamed: Set<String> = []) {
        self.sessions = sessions
        self.unnamed = unnamed
    }

    /// The names of those that are known.
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
        // Projects are those of the user, whatever the project of the token.
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
