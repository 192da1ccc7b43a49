// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// The meaning of a 401. It concerns the token, with one exception: if the access rules of an
/// application credential lack the request, the service answers 401, too.
extension ImageService {
    /// True if another token would not change a 401: the rules in the token lack the request, or
    /// the service refused such a request before although it accepted the token for others.
    func isDenied(_ request: ServiceRequest, _ project: AuthenticatedProject) -> Bool {
        if let rules = project.accessRules,
            !rules.allows(request.method.rawValue, request.path)
        {
            return true
        }
        return session.isDenied(request.kind)
    }

    /// Returns the answer, after noting that the service accepted the token. Ignores the list of
    /// versions, which needs no token.
    func noting(_ answer: HTTPResponse, _ request: ServiceRequest) -> HTTPResponse {
        if answer.status < 500, request.path.hasPrefix("/v"), !request.path.hasPrefix("/versions") {
            session.learnThatTokensAreAccepted()
        }
        return answer
    }

    /// Returns the error for a 401 that no other token can change.
    func unauthorized(
        _ answer: HTTPResponse, _ request: ServiceRequest, _ project: AuthenticatedProject
    ) -> TranshipError {
        let error = answer.refusal(by: .image, asked: request.asked)
        let isInRules = project.accessRules.map {
            $0.allows(request.method.rawValue, request.path)
        }
        guard session.configuration.authentication.mayHaveAccessRules,
            isInRules == false || session.isAccepted
        else {
            return error.hinting(
                isInRules == true
                    ? "the access rules of the application credential allow this request: the "
                        + "Image service cannot check them before its operator sets service_type "
                        + "in [keystone_authtoken]"
                    : unauthorizedHint)
        }
        session.learnThatItDenies(request.kind)
        let may = isInRules == false ? "lack" : "may lack"
        return TranshipError(
            .forbidden,
            "the access rules of the application credential of cloud \"\(session.cloudName)\" "
                + "\(may) \(request.kind): \(error.message)",
            hint: "use a credential with a rule for service image, method "
                + "\(request.method.rawValue), path \(request.pattern), or one without access rules",
            answer: error.answer, naming: session.cloudName)
    }

    /// The hint for a 401, by the cloud's way to log in.
    private var unauthorizedHint: String {
        let cloud = session.cloudName
        return switch session.configuration.authentication {
        case .none:
            "the entry of cloud \"\(cloud)\" has auth_type none, so the request had no login: set "
                + "auth_type and auth_url, or correct image_endpoint_override"
        case .basic:
            "check username and password of cloud \"\(cloud)\": its entry has auth_type http_basic"
        case .password, .token, .multifactor, .applicationCredential, .federated, .command:
            "Keystone issued the token that cloud \"\(cloud)\" refuses: does its Image service "
                + "belong to that Keystone?"
        }
    }

    /// Returns the error for a body that got a 401. The body is spent, so this never sends it
    /// again.
    ///
    /// For a credential that may have access rules, first requests the record with the same token:
    /// if the service accepts that, the token is good.
    func bodyRefused(
        _ answer: HTTPResponse, _ request: ServiceRequest,
        _ authorization: CloudSession.Authorization
    ) async -> TranshipError {
        let project = authorization.project
        if isDenied(request, project) { return unauthorized(answer, request, project) }
        if session.configuration.authentication.mayHaveAccessRules {
            let record = ServiceRequest(
                .get, request.path.split(separator: "/").prefix(3).map { "/\($0)" }.joined())
            let probe = try? await session.http.send(try http(record, authorization))
            if let probe, probe.status != 401, probe.status < 500 {
                session.learnThatTokensAreAccepted()
                return unauthorized(answer, request, project)
            }
        }
        guard await session.invalidate(authorization) else {
            return unauthorized(answer, request, project)
        }
        let error = answer.refusal(by: .image, asked: request.asked)
        return TranshipError(
            error.code, error.message, answer: error.answer, isTransient: true)
    }
}

extension CloudConfiguration.Authentication {
    /// True for an application credential, and for a token, which may come from one.
    var mayHaveAccessRules: Bool {
        switch self {
        case .applicationCredential, .token, .command: true
        case .password, .multifactor, .federated, .none, .basic: false
        }
    }
}

extension ServiceRequest {
    /// The path with `*` for every id, as access rules write it.
    var pattern: String {
        let parts = path.split(separator: "/")
        return parts.enumerated().map { index, part in
            let isID: Bool =
                switch parts.count > 1 ? parts[1] : "" {
                case "images": index == 2 || index == 4 && ["members", "tags"].contains(parts[3])
                case "tasks": index == 2
                case "stores": index > 1
                default: false
                }
            return isID ? "/*" : "/\(part)"
        }.joined()
    }

    /// The method and the pattern. Requests of one kind are allowed or denied together.
    var kind: String { "\(method.rawValue) \(pattern)" }
}
