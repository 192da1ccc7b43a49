// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import ImageUploaders
internal import OpenStackImage

/// The Image services of a run's targets, each with the token of a project. A publisher takes from
/// them the service that can accept a shared image for its member. The targets of one service share
/// the lessons from its refusals.
final class ProjectServices: Sendable {
    private struct Place: Hashable {
        var endpoint: String
        var projectID: String
    }

    private let services = Guarded<[Place: ImageService]>([:])

    func add(_ service: ImageService, endpoint: String, projectID: String?) {
        guard let projectID else { return }
        services.withLock { $0[Place(endpoint: endpoint, projectID: projectID)] = service }
    }

    private let signedIn = Guarded<[CloudSession]>([])

    /// Keeps the session of a source or a target.
    func note(_ session: CloudSession) { signedIn.withLock { $0.append(session) } }

    /// The sessions of the clouds that the run signed in to.
    var sessions: [CloudSession] { signedIn.withLock { $0 } }

    private let taught = Guarded<[String: TargetLessons]>([:])

    func lessons(of endpoint: String) -> TargetLessons {
        taught.withLock { taught in
            if let lessons = taught[endpoint] { return lessons }
            let lessons = TargetLessons()
            taught[endpoint] = lessons
            return lessons
        }
    }

    /// Returns the service with a token of a project; nil if no target has one.
    func service(endpoint: String, projectID: String) -> ImageService? {
        services.withLock { $0[Place(endpoint: endpoint, projectID: projectID)] }
    }
}
