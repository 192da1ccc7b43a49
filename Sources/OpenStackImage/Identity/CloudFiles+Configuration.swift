// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension CloudFiles {
    /// The configuration of a cloud, from its merged entry.
    ///
    /// `region` and `interface` override the entry. Without a name it takes ``defaultCloudName``.
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
        let authentication = try fields.authentication()
        let override = fields["image_endpoint_override"] ?? fields["image_endpoint"]
        let endpoint = override ?? (authentication.usesKeystone ? nil : fields.auth("endpoint"))
        let authURL = fields.auth("auth_url")
        if authentication.usesKeystone, authURL == nil { throw fields.missing("auth_url") }
        if !authentication.usesKeystone, endpoint == nil {
            throw fields.missing("image_endpoint_override")
        }
        return CloudConfiguration(
            name: name, authentication: authentication,
            authURL: authentication.usesKeystone ? authURL : nil,
            scope: try fields.scope(for: authentication), region: regionName,
            interface: EndpointInterface(
                rawValue: interface ?? fields["image_interface"] ?? fields["image_endpoint_type"]
                    ?? fields["interface"] ?? fields["endpoint_type"] ?? "public"),
            imageEndpointOverride: endpoint, imageAPIVersion: try fields.imageAPIVersion(),
            caFile: fields.path("cacert"),
            certFile: fields.path("cert"), keyFile: fields.path("key"),
            verifiesTLS: try fields.verifiesTLS(), imageDefaults: ImageDefaults(fields))
    }

    /// Picks the region and merges its values into the entry.
    private static func pickRegion(
        _ asked: String?, _ entry: inout CloudEntry, cloud: String
    ) throws(TranshipError) -> String? {
        let own = entry["image_region_name"]?.text ?? entry["region_name"]?.text
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
                hint: "its regions: \(names.joined(separator: ", ")); names are case-sensitive")
        }
        if let values = regions[index]["values"] { entry = entry.overlaid(with: values) }
        return wanted
    }
}
