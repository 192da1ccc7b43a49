// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import Basics
import HTTPTransport

/// A project as Keystone lists it.
package struct KeystoneProject: Sendable, Hashable {
    package let id: String
    package let name: String
    package let domainID: String
}

/// Projects by Keystone
/// (<https://docs.openstack.org/api-ref/identity/v3/#projects>).
extension CloudSession {
    /// The enabled projects that this user may have a token for, by name.
    package func ownProjects() async throws(TranshipError) -> [KeystoneProject] {
        try await projects("/auth/projects").sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// The name of a project by its id. Keystone answers that for administrators alone.
    package func projectName(ofID id: String) async throws(TranshipError) -> String? {
        try await keystone("/projects/\(percentEncode(id))")["project"]?["name"]?.string
    }

    /// The id of a project. Needs the right to list projects, which administrators have.
    ///
    /// - Parameters:
    ///   - project: an id or a name.
    ///   - domain: the name of its domain; nil is any.
    /// - Throws: ``TranshipError/Code/notFound``; ``TranshipError/Code/ambiguous`` for a name that
    ///   several domains have.
    package func projectID(
        of project: String, domain: String?
    ) async throws(TranshipError) -> String {
        if CloudConfiguration.isProjectID(project) { return project }
        var found = try await projects("/projects", [("name", project)])
        if let domain {
            let domains = try await keystone("/domains", [("name", domain)])
            let ids = (domains["domains"]?.array ?? []).compactMap { $0["id"]?.string }
            found = found.filter { ids.contains($0.domainID) || $0.domainID == domain }
        }
        guard let first = found.first else {
            throw TranshipError(
                .notFound,
                "cloud \"\(cloudName)\" has no project \"\(project)\""
                    + (domain.map { " in domain \"\($0)\"" } ?? ""),
                hint: "list them with: openstack project list")
        }
        guard found.count == 1 else {
            throw TranshipError(
                .ambiguous,
                "cloud \"\(cloudName)\" has \(found.count) projects with the name \"\(project)\"",
                hint: "write its id, or its name with its domain: \(project)@DOMAIN")
        }
        return first.id
    }

    private func projects(
        _ path: String, _ query: [(String, String)] = []
    ) async throws(TranshipError) -> [KeystoneProject] {
        let json = try await keystone(path, query)
        return (json["projects"]?.array ?? []).compactMap { project in
            guard let id = OutsideID.read(project["id"]?.string),
                let name = project["name"]?.string,
                project["enabled"]?.bool != false
            else { return nil }
            return KeystoneProject(
                id: id, name: name, domainID: project["domain_id"]?.string ?? "")
        }
    }

    private func keystone(
        _ path: String, _ query: [(String, String)] = []
    ) async throws(TranshipError) -> JSONValue {
        let authorization = try await authorization()
        guard let authURL = configuration.authURL else {
            throw TranshipError(
                .usage, "cloud \"\(cloudName)\" is used without Keystone, so it has no projects",
                hint: "remove `projects`, or use an entry with Keystone")
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
