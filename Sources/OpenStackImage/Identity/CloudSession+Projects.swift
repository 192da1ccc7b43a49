// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import HTTPTransport

/// A project as Keystone lists it.
package struct KeystoneProject: Sendable, Hashable {
    package let id: String
    package let name: String
    package let domainID: String
    /// False if an administrator has disabled the project: Keystone issues no token for it.
    package let isEnabled: Bool
}

/// Requests for projects, which Keystone answers
/// (<https://docs.openstack.org/api-ref/identity/v3/#projects>).
extension CloudSession {
    /// Returns the enabled projects that this user may have a token for, sorted by name.
    package func ownProjects() async throws(TranshipError) -> [KeystoneProject] {
        try await projects("/auth/projects").filter(\.isEnabled)
            .sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// Returns the name of a project by its id. Keystone answers only administrators.
    package func projectName(ofID id: String) async throws(TranshipError) -> String? {
        try await keystone("/projects/\(percentEncode(id))")["project"]?["name"]?.string
    }

    /// Returns the id of a project that is given by its id, as Keystone writes it; nil if this user
    /// may not ask for it.
    ///
    /// - Throws: ``TranshipError/Code/notFound``.
    package func knownProjectID(_ id: String) async throws(TranshipError) -> String? {
        do {
            let project = try await keystone("/projects/\(percentEncode(id))")["project"]
            return OutsideID.read(project?["id"]?.string) ?? id
        } catch {
            switch error.code {
            case .forbidden: return nil
            case .notFound:
                throw TranshipError(
                    .notFound, "cloud \"\(cloudName)\" has no project with the id \"\(id)\"",
                    hint:
                        "correct the id, or write the project's name; `openstack project list` shows "
                        + "both")
            default: throw error
            }
        }
    }

    /// Returns the id of a project. Needs the right to list projects, which administrators have.
    /// A disabled project counts, unless an enabled one of another domain has its name.
    ///
    /// - Parameters:
    ///   - project: an id or a name.
    ///   - domain: the name of its domain; nil means the project domain of the entry, or any domain
    ///     if the entry has none.
    /// - Throws: ``TranshipError/Code/notFound``; ``TranshipError/Code/ambiguous`` for a name that
    ///   several domains have, if no domain is given.
    package func projectID(
        of project: String, domain: String?
    ) async throws(TranshipError) -> String {
        if CloudConfiguration.isProjectID(project) { return project }
        let named = try await projects("/projects", [("name", project)])
        guard !named.isEmpty else {
            throw TranshipError(
                .notFound,
                "cloud \"\(cloudName)\" has no project \"\(project)\""
                    + (domain.map { " in domain \"\($0)\"" } ?? ""),
                hint: "correct its name, or write its id; `openstack project list` shows both")
        }
        var found = named
        if let domain {
            let ids = try await domainIDs(ofName: domain)
            found = named.filter { ids.contains($0.domainID) || $0.domainID == domain }
        } else if let known = configuration.knownProjectDomain {
            let ids: [String]
            switch known {
            case .id(let id): ids = [id]
            case .name(let name): ids = try await domainIDs(ofName: name)
            }
            found = named.filter { ids.contains($0.domainID) }
        }
        if found.contains(where: \.isEnabled) { found.removeAll { !$0.isEnabled } }
        guard let first = found.first else { throw await elsewhere(project, domain, named) }
        guard found.count == 1 else { throw await ambiguous(project, found) }
        return first.id
    }

    private func domainIDs(ofName name: String) async throws(TranshipError) -> [String] {
        if let known = domainIDs.withLock({ $0[name] }) { return known }
        let json = try await keystone("/domains", [("name", name)])
        let ids = (json["domains"]?.array ?? []).compactMap { $0["id"]?.string }
        domainIDs.withLock { $0[name] = ids }
        return ids
    }

    /// The maximum number of projects of one name that a message lists.
    private static let listedMax = 5

    private func elsewhere(
        _ project: String, _ domain: String?, _ named: [KeystoneProject]
    ) async -> TranshipError {
        let others = await namesWithDomains(named)
        let place =
            domain.map { "domain \"\($0)\"" }
            ?? "\(configuration.knownProjectDomain?.words ?? "its domain"), the project domain of its "
            + "clouds.yaml entry"
        return TranshipError(
            .notFound,
            "cloud \"\(cloudName)\" has no project \"\(project)\" in \(place); it has "
                + others.joined(separator: " and "),
            hint: "write the name with its domain: \(others.joined(separator: " or "))")
    }

    private func ambiguous(
        _ project: String, _ found: [KeystoneProject]
    ) async -> TranshipError {
        let all = await namesWithDomains(found)
        return TranshipError(
            .ambiguous,
            "cloud \"\(cloudName)\" has \(found.count) projects with the name \"\(project)\": "
                + zip(all, found).map { "\($0) (\($1.id))" }.joined(separator: ", "),
            hint: "write its id, or its name with its domain: \(all.joined(separator: " or "))")
    }

    /// Returns the names as a table of projects has them: `NAME@DOMAIN`. A domain whose name
    /// Keystone does not reveal is shown by its id.
    private func namesWithDomains(_ found: [KeystoneProject]) async -> [String] {
        var names: [String] = []
        for project in found.prefix(Self.listedMax) {
            let domain = try? await keystone("/domains/\(percentEncode(project.domainID))")
            let name = domain?["domain"]?["name"]?.string ?? project.domainID
            names.append("\(project.name)@\(name)".withControlsShown)
        }
        return names
    }

    private func projects(
        _ path: String, _ query: [(String, String)] = []
    ) async throws(TranshipError) -> [KeystoneProject] {
        let json = try await keystone(path, query)
        return (json["projects"]?.array ?? []).compactMap { project in
            guard let id = OutsideID.read(project["id"]?.string),
                let name = project["name"]?.string
            else { return nil }
            return KeystoneProject(
                id: id, name: name, domainID: project["domain_id"]?.string ?? "",
                isEnabled: project["enabled"]?.bool != false)
        }
    }

    private func keystone(
        _ path: String, _ query: [(String, String)] = []
    ) async throws(TranshipError) -> JSONValue {
        let authorization = try await authorization()
        guard let authURL = configuration.authURL else {
            throw TranshipError(
                .usage, "cloud \"\(cloudName)\" is used without Keystone, so it has no projects",
                hint: "use an entry of clouds.yaml with Keystone")
        }
        var headers: HTTPHeaders = ["Accept": "application/json"]
        authorization.add(to: &headers)
        let root = TokenRequests.tokensURL(authURL).dropLast("/auth/tokens".count)
        let words = query.map { "\($0)=\(percentEncode($1))" }.joined(separator: "&")
        let url = "\(root)\(path)\(words.isEmpty ? "" : "?\(words)")"
        var request = HTTPRequest(.get, url, headers: headers)
        request.timeoutSeconds = Self.authenticationTimeoutSeconds
        let answer = try await http.send(request, quickRetries: quickRetries)
        guard answer.status == 200 else {
            throw answer.refusal(by: .identity, asked: "GET /v3\(path)")
        }
        return try JSONValue(body: answer.body, asked: "GET /v3\(path)")
    }
}

extension CloudConfiguration.Domain {
    fileprivate var words: String {
        switch self {
        case .id(let id): "the domain with the id \"\(id)\""
        case .name(let name): "domain \"\(name)\""
        }
    }
}
