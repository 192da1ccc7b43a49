// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The operator's clouds: `clouds.yaml`, `secure.yaml` and
/// `clouds-public.yaml` as one, and the cloud that `OS_*` variables describe.
///
/// Files are found and merged as openstacksdk does
/// (<https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html>),
/// but a file that is broken, or named and missing, is an error and not
/// skipped: otherwise the message would be about an unknown cloud.
public struct CloudFiles: Sendable {
    /// The files that were read, for messages.
    public let paths: [String]

    /// Every cloud there is, sorted; the one from `OS_*` included.
    public var cloudNames: [String] { clouds.keys.sorted() }

    let clouds: [String: CloudEntry]
    let publicClouds: [String: CloudEntry]
    let environment: [String: String]
    /// Candidates that this user may not read, which openstacksdk passes over.
    let unreadablePaths: [String]

    init(
        clouds: CloudEntry?, secure: CloudEntry? = nil, publicClouds: CloudEntry? = nil,
        environment: [String: String] = [:], paths: [String] = [], unreadablePaths: [String] = []
    ) throws(TranshipError) {
        var whole = clouds ?? .mapping([:])
        if let secure { whole = whole.merged(with: secure) }
        var named = whole["clouds"]?.mapping ?? [:]
        if let entry = EnvironmentCloud.entry(environment) {
            let name = EnvironmentCloud.name(environment)
            guard named[name] == nil else {
                throw TranshipError(
                    .invalidCloudsFile,
                    "\(paths.joined(separator: ", ")) defines a cloud named \"\(name)\", which is "
                        + "also the name of the cloud that the OS_* variables describe",
                    hint: "rename it, set OS_CLOUD_NAME to another name, or unset OS_AUTH_URL")
            }
            named[name] = entry
        }
        self.clouds = named
        self.publicClouds = publicClouds?["public-clouds"]?.mapping ?? [:]
        self.environment = environment
        self.paths = paths
        self.unreadablePaths = unreadablePaths
    }

    /// The cloud that is meant where none is named: `OS_CLOUD`, else the one
    /// of the `OS_*` variables, else the only one there is.
    public var defaultCloudName: String? {
        if let name = environment["OS_CLOUD"], !name.isEmpty { return name }
        let fromVariables = EnvironmentCloud.name(environment)
        if clouds[fromVariables] != nil { return fromVariables }
        return clouds.count == 1 ? clouds.keys.first : nil
    }

    /// The merged entry of one cloud, with its profile beneath it.
    func entry(of asked: String?) throws(TranshipError) -> (name: String, entry: CloudEntry) {
        guard let name = asked ?? defaultCloudName else {
            throw TranshipError(
                .unknownCloud,
                clouds.isEmpty ? "no cloud is configured" : "no cloud was named",
                hint: clouds.isEmpty ? whereToPutThem : "name one of \(knownNames), or set OS_CLOUD"
            )
        }
        guard var own = clouds[name] else {
            let read =
                paths.isEmpty ? "no clouds.yaml was found" : "read \(paths.joined(separator: ", "))"
            throw TranshipError(
                .unknownCloud, "there is no cloud \"\(name)\" (\(read))",
                hint: clouds.isEmpty ? whereToPutThem : "the clouds that are known: \(knownNames)")
        }
        own = own.normalized
        guard let profile = own["profile"]?.text ?? own["cloud"]?.text,
            let base = publicClouds[profile]
        else { return (name, own) }
        return (name, base.normalized.overlaid(with: own))
    }

    private var knownNames: String { cloudNames.joined(separator: ", ") }

    private var whereToPutThem: String {
        let text =
            "write ~/.config/openstack/clouds.yaml, name a file in OS_CLIENT_CONFIG_FILE, or set "
            + "OS_AUTH_URL and its companions"
        guard !unreadablePaths.isEmpty else { return text }
        return text + "; not readable: \(unreadablePaths.joined(separator: ", "))"
    }
}

extension CloudEntry {
    /// Keys with underscores where some files write dashes.
    var normalized: CloudEntry {
        switch self {
        case .text: self
        case .list(let list): .list(list.map(\.normalized))
        case .mapping(let mapping):
            .mapping(
                Dictionary(
                    mapping.map { (String($0.map { $0 == "-" ? "_" : $0 }), $1.normalized) }
                ) { $1 })
        }
    }

    /// `other` laid over this key by key, but `auth` member by member: how
    /// openstacksdk lays a cloud over its profile and a region over its cloud.
    func overlaid(with other: CloudEntry) -> CloudEntry {
        guard case .mapping(let old) = self, case .mapping(let new) = other else { return other }
        return .mapping(
            old.merging(new) { $1 }.merging(
                (old["auth"].flatMap { before in
                    new["auth"].map { ["auth": before.merged(with: $0)] }
                }) ?? [:]
            ) { $1 })
    }
}
