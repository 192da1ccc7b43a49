// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The clouds of the operator: `clouds.yaml`, `secure.yaml` and `clouds-public.yaml` merged, and
/// the cloud that the `OS_*` variables describe.
///
/// Files are found and merged as in openstacksdk
/// (<https://docs.openstack.org/openstacksdk/latest/user/config/configuration.html>), with one
/// difference: a broken file is an error, and so is a missing file that a variable names. If such a
/// file were skipped, the message would be about an unknown cloud.
public struct CloudFiles: Sendable {
    /// The files that were read, for messages.
    public let paths: [String]

    /// The names of all clouds, sorted, including the one from `OS_*`.
    public var cloudNames: [String] { clouds.keys.sorted() }

    let clouds: [String: CloudEntry]
    let publicClouds: [String: CloudEntry]
    let environment: [String: String]
    /// The files that this user may not read. openstacksdk skips them, too.
    let unreadablePaths: [String]
    /// The first of ``paths`` if it is a clouds.yaml without `clouds:`.
    let pathWithoutClouds: String?
    /// The key of that file that was probably meant as `clouds`, such as `cloud`.
    private let mistypedKey: String?

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
                    "\(paths.joined(separator: ", ")) defines a cloud named \"\(name)\", but the "
                        + "OS_* variables describe a cloud with the same name",
                    hint: "rename it, set OS_CLOUD_NAME to another name, or unset OS_AUTH_URL")
            }
            named[name] = entry
        }
        let lacksClouds = clouds != nil && clouds?["clouds"] == nil
        pathWithoutClouds = lacksClouds ? paths.first : nil
        mistypedKey = clouds?.mapping?.keys.sorted().first { Nearest.to($0, in: ["clouds"]) != nil }
        self.clouds = named
        self.publicClouds = publicClouds?["public-clouds"]?.mapping ?? [:]
        self.environment = environment
        self.paths = paths
        self.unreadablePaths = unreadablePaths
    }

    /// The cloud to use if none is named: `OS_CLOUD`, or the one of the `OS_*` variables, or the
    /// only one.
    public var defaultCloudName: String? {
        if let name = environment["OS_CLOUD"], !name.isEmpty { return name }
        let fromVariables = EnvironmentCloud.name(environment)
        if clouds[fromVariables] != nil { return fromVariables }
        return clouds.count == 1 ? clouds.keys.first : nil
    }

    /// Returns the hint for `alpha/RegionTwo`, a form that `copy` and `doctor` accept.
    private func regionHint(_ word: String) -> String? {
        guard let slash = word.firstIndex(of: "/") else { return nil }
        let (name, region) = (String(word[..<slash]), word[word.index(after: slash)...])
        guard clouds[name] != nil else { return nil }
        return "name the region apart: `cloud: \(name), region: \(region)` in a pipeline file, "
            + "--cloud \(name) --region \(region) in a command"
    }

    /// Returns the merged entry of a cloud, including its profile.
    func entry(of asked: String?) throws(TranshipError) -> (name: String, entry: CloudEntry) {
        guard let name = asked ?? defaultCloudName else {
            throw TranshipError(
                .unknownCloud,
                clouds.isEmpty ? "no cloud is configured" : "no cloud was named",
                hint: clouds.isEmpty ? whereToPutThem : "name one of \(knownNames), or set OS_CLOUD"
            )
        }
        guard var own = clouds[name] else {
            throw TranshipError(
                .unknownCloud, "there is no cloud \"\(name)\" (\(readWords))",
                hint: clouds.isEmpty
                    ? whereToPutThem
                    : regionHint(name) ?? Nearest.hint(name, in: cloudNames, "clouds"))
        }
        try expectMapping(own, name)
        own = own.normalized
        guard let profile = own["profile"]?.text ?? own["cloud"]?.text,
            let base = publicClouds[profile]
        else { return (name, own) }
        return (name, base.normalized.overlaid(with: own))
    }

    /// Refuses an entry of another shape. It has no fields, so the message would be about a missing
    /// password.
    private func expectMapping(_ entry: CloudEntry, _ name: String) throws(TranshipError) {
        let place = "(\(paths.joined(separator: ", ")))"
        guard let fields = entry.mapping else {
            throw TranshipError(
                .invalidCloudsFile,
                "the entry of cloud \"\(name)\" must be a mapping \(place)",
                hint: "indent its keys, such as auth and region_name, below its name")
        }
        guard !fields.isEmpty else {
            throw TranshipError(
                .invalidCloudsFile, "the entry of cloud \"\(name)\" is empty \(place)",
                hint: "indent its keys, such as auth and region_name, below its name")
        }
        guard let auth = fields["auth"], auth.mapping == nil else { return }
        throw TranshipError(
            .invalidCloudsFile, "auth of cloud \"\(name)\" must be a mapping \(place)",
            hint: "indent its keys, such as auth_url and username, below auth")
    }

    private var knownNames: String {
        let more = cloudNames.count - Nearest.shownMax
        return cloudNames.prefix(Nearest.shownMax).joined(separator: ", ")
            + (more > 0 ? " and \(more) more" : "")
    }

    /// The list of files that were read, as the end of a message: `read ./clouds.yaml`.
    package var readWords: String {
        guard !paths.isEmpty else { return "no clouds.yaml was found" }
        let read = "read \(paths.joined(separator: ", "))"
        guard let path = pathWithoutClouds else { return read }
        return paths.count == 1
            ? "\(read), which has no cloud below \"clouds:\""
            : "\(read); \(path) has no cloud below \"clouds:\""
    }

    /// The hint if no cloud is known.
    package var whereToPutThem: String {
        if let path = pathWithoutClouds {
            let what =
                mistypedKey.map { "write \"clouds:\" in place of \"\($0):\" in \(path)" }
                ?? "write \"clouds:\" and the entries below it in \(path)"
            return environment["OS_CLIENT_CONFIG_FILE"]?.isEmpty == false
                ? "\(what), or unset OS_CLIENT_CONFIG_FILE"
                : "\(what), or remove it: while it is there, no clouds.yaml of another folder is read"
        }
        let text =
            "write ~/.config/openstack/clouds.yaml, name a file in OS_CLIENT_CONFIG_FILE, or set "
            + "OS_AUTH_URL and its companions"
        guard !unreadablePaths.isEmpty else { return text }
        return text + "; not readable: \(unreadablePaths.joined(separator: ", "))"
    }
}

extension CloudFiles {
    /// Returns the configuration of a cloud, from its merged entry.
    ///
    /// `region` and `interface` override the entry. Without a name, takes ``defaultCloudName``.
    ///
    /// - Throws: ``TranshipError/Code/unknownCloud`` with the known names;
    ///   ``TranshipError/Code/invalidCloudsFile`` for an entry that lacks a field or uses something
    ///   that is not supported.
    public func configuration(
        of asked: String? = nil, region: String? = nil, interface: String? = nil
    ) throws(TranshipError) -> CloudConfiguration {
        var (name, entry) = try entry(of: asked)
        let regionName = try Self.pickRegion(region, &entry, cloud: name)
        let fields = CloudFields(
            entry: entry, cloud: name, environment: environment, files: paths,
            isFromVariables: name == EnvironmentCloud.name(environment),
            missingProfile: (entry["profile"]?.text ?? entry["cloud"]?.text).flatMap {
                publicClouds[$0] == nil ? $0 : nil
            })
        try fields.expectTexts()
        let authentication = try fields.authentication()
        var endpoint = try fields.address(
            "image_endpoint_override", fields["image_endpoint_override"] ?? fields["image_endpoint"]
        )
        if endpoint == nil, !authentication.usesKeystone {
            endpoint = try fields.address("endpoint", fields.auth("endpoint"))
        }
        let authURL = try fields.address("auth_url", fields.auth("auth_url"))
        if authentication.usesKeystone, authURL == nil { throw fields.missing("auth_url") }
        if !authentication.usesKeystone, endpoint == nil {
            throw fields.missing("image_endpoint_override")
        }
        var configuration = CloudConfiguration(
            name: name, authentication: authentication,
            authURL: authentication.usesKeystone ? authURL : nil,
            scope: try fields.scope(for: authentication), region: regionName,
            interface: EndpointInterface(
                rawValue: interface ?? fields["image_interface"] ?? fields["image_endpoint_type"]
                    ?? fields["interface"] ?? fields["endpoint_type"] ?? "public"),
            imageEndpointOverride: endpoint, imageAPIVersion: try fields.imageAPIVersion(),
            caFile: try fields.path("cacert"),
            certFile: try fields.path("cert"), keyFile: try fields.path("key"),
            verifiesTLS: try fields.verifiesTLS(), imageDefaults: ImageDefaults(fields))
        configuration.remarks = fields.remarks(for: authentication)
        configuration.misplacedKeys = fields.misplacedTLSKeys
        return configuration
    }

    /// Picks the region and merges its values into the entry.
    private static func pickRegion(
        _ asked: String?, _ entry: inout CloudEntry, cloud: String
    ) throws(TranshipError) -> String? {
        let own = entry["image_region_name"]?.text ?? entry["region_name"]?.text
        if let regions = entry["regions"], regions.list == nil {
            throw TranshipError(
                .invalidCloudsFile, "regions of cloud \"\(cloud)\" must be a list",
                hint: "write it as regions: [RegionOne, RegionTwo]")
        }
        guard let regions = entry["regions"]?.list, !regions.isEmpty else {
            // "A,B" is the old way of openstacksdk to list regions. The first counts.
            return asked ?? own?.split(separator: ",").first.map(String.init)
        }
        let names = regions.compactMap { $0.text ?? $0["name"]?.text }
        guard let wanted = asked ?? own ?? names.first else { return nil }
        guard let index = regions.firstIndex(where: { ($0.text ?? $0["name"]?.text) == wanted })
        else {
            throw TranshipError(
                .invalidCloudsFile, "cloud \"\(cloud)\" has no region \"\(wanted)\"",
                hint: "use one of its regions: \(names.joined(separator: ", ")); names are "
                    + "case-sensitive",
                cause: UnknownRegion(cloud: cloud, region: wanted))
        }
        if let values = regions[index]["values"] { entry = entry.overlaid(with: values) }
        return wanted
    }
}

extension CloudEntry {
    /// The entry with underscores in place of dashes in its keys: some files have dashes.
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

    /// Returns `other` over this, key by key, and `auth` field by field. openstacksdk merges a
    /// cloud with its profile in this way, and a region with its cloud.
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

/// The cloud that the `OS_*` variables of an openrc file describe.
enum EnvironmentCloud {
    /// Returns the name of the cloud: `OS_CLOUD_NAME`, or `envvars` as in openstacksdk.
    static func name(_ environment: [String: String]) -> String {
        environment["OS_CLOUD_NAME"].flatMap { $0.isEmpty ? nil : $0 } ?? "envvars"
    }

    /// Returns the entry of the cloud. Nil if the variables do not contain an address:
    /// `OS_REGION_NAME`, `OS_CLOUD` or `OS_PROJECT_NAME` alone does not describe a cloud.
    static func entry(_ environment: [String: String]) -> CloudEntry? {
        var entry: [String: CloudEntry] = [:]
        // Empty variables count as unset: openrc files set OS_PROJECT_ID="".
        for (name, value) in environment where name.hasPrefix("OS_") && !value.isEmpty {
            entry[name.dropFirst(3).lowercased()] = .text(value)
        }
        let places = ["auth_url", "image_endpoint_override", "endpoint"]
        guard places.contains(where: { entry[$0] != nil }) else { return nil }
        entry["cloud"] = nil
        entry["cloud_name"] = nil
        return .mapping(entry)
    }
}
