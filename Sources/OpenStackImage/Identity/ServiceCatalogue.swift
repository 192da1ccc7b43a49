// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The services that the project of a token may use, as Keystone lists them.
struct ServiceCatalogue: Hashable, Sendable {
    struct Endpoint: Hashable, Sendable {
        var serviceType: String
        var interface: EndpointInterface
        var region: String
        var url: String
    }

    /// The endpoints. One that the catalogue lists without an address has an empty one.
    var endpoints: [Endpoint]
    /// The types of the services that the catalogue lists, also those without any endpoint.
    var listedTypes: [String] = []
}

extension ServiceCatalogue {
    /// Reads `token.catalog`. Skips entries without a type.
    init(json: JSONValue?) {
        let services = json?.array ?? []
        listedTypes = services.compactMap { $0["type"]?.string }
        endpoints = services.flatMap { service -> [Endpoint] in
            guard let type = service["type"]?.string else { return [] }
            return (service["endpoints"]?.array ?? []).map { endpoint in
                Endpoint(
                    serviceType: type,
                    interface: EndpointInterface(rawValue: endpoint["interface"]?.string ?? ""),
                    region: endpoint["region_id"]?.string ?? endpoint["region"]?.string ?? "",
                    url: endpoint["url"]?.string?.withoutOuterBlanks ?? "")
            }
        }
    }

    /// Returns the addresses of the Image service, in the order of the catalogue: at least one, and
    /// the first one counts. Without a region, those of all regions.
    ///
    /// - Throws: ``TranshipError/Code/noImageService`` with the endpoints that the catalogue
    ///   offers.
    func imageEndpoints(
        cloud: String, region: String?, interface: EndpointInterface
    ) throws(TranshipError) -> [String] {
        func list(_ values: [String]) -> String {
            let distinct = Set(values).sorted().filter { !$0.isEmpty }
            return distinct.isEmpty ? "none" : distinct.joined(separator: ", ")
        }
        let image = endpoints.filter { $0.serviceType == "image" }
        guard !image.isEmpty else {
            guard !listedTypes.contains("image") else {
                throw Self.unaddressed("lists the Image service without an endpoint", cloud)
            }
            throw TranshipError(
                .noImageService, "the catalogue of cloud \"\(cloud)\" has no Image service",
                hint:
                    "set image_endpoint_override if the service exists without being listed; the "
                    + "catalogue lists: \(list(endpoints.map(\.serviceType)))",
                naming: cloud)
        }
        let near = image.filter { region == nil || $0.region == region }
        guard !near.isEmpty else {
            throw TranshipError(
                .noImageService,
                "the catalogue of cloud \"\(cloud)\" has no Image service in region "
                    + "\"\(region ?? "")\"",
                hint: Self.regionsHint(image.map(\.region), list(image.map(\.region))),
                cause: UnknownRegion(cloud: cloud, region: region ?? ""), naming: cloud)
        }
        let fitting = near.filter { $0.interface == interface }
        guard !fitting.isEmpty else {
            throw TranshipError(
                .noImageService,
                "the Image service of cloud \"\(cloud)\" has no \(interface) endpoint"
                    + (region.map { " in region \"\($0)\"" } ?? ""),
                hint: "set interface to one of: \(list(near.map(\.interface.rawValue)))",
                naming: cloud)
        }
        let urls = fitting.map(\.url).filter { !$0.isEmpty }
        guard let url = urls.first else {
            throw Self.unaddressed(
                "lists the \(interface) endpoint of the Image service without an address", cloud)
        }
        if let fault = AddressFault.words(url) {
            throw Self.unaddressed(
                "has \(shownURL(url).cut(to: 200)) as the address of the Image service, and "
                    + fault, cloud)
        }
        return urls
    }

    private static func unaddressed(_ fault: String, _ cloud: String) -> TranshipError {
        TranshipError(
            .noImageService, "the catalogue of cloud \"\(cloud)\" \(fault)",
            hint:
                "set image_endpoint_override in the cloud's entry to the right address, and ask "
                + "the cloud's operator to correct the catalogue", naming: cloud)
    }

    /// Returns the hint for a missing region. An operator can leave the region of an endpoint
    /// empty; then no region name selects it.
    private static func regionsHint(_ regions: [String], _ listed: String) -> String {
        guard regions.contains("") else { return "use a region that has one: \(listed)" }
        let way =
            "remove region_name from the cloud's entry (and --region), or set "
            + "image_endpoint_override"
        return regions.allSatisfy(\.isEmpty)
            ? "its endpoint has no region in the catalogue: \(way)"
            : "use a region that has one: \(listed); for the endpoint without a region, "
                + way
    }
}

/// The cause of an error: a cloud does not have the region that its entry or a command names.
package struct UnknownRegion: Error {
    package let cloud: String
    package let region: String

    package init(cloud: String, region: String) { (self.cloud, self.region) = (cloud, region) }
}

/// The form of the Image service's address in catalogues and entries.
enum ImageEndpoint {
    /// Returns the address without slashes at its end and without a version: `http://host:9292/v2/`
    /// gives `http://host:9292`, `http://host/image/v2` gives `http://host/image`.
    static func root(of url: String) -> String {
        var root = url[...]
        // `dropLast()` would count all characters for each slash.
        while root.last == "/" { root.removeLast() }
        let authority = root.firstRange(of: "://")?.upperBound ?? root.startIndex
        if let slash = root[authority...].lastIndex(of: "/"),
            isVersion(root[root.index(after: slash)...])
        {
            root = root[..<slash]
            while root.last == "/" { root.removeLast() }
        }
        return String(root)
    }

    /// True for a version as the Image service writes it: `v1`, `v2`, `v2.9`.
    private static func isVersion(_ segment: Substring) -> Bool {
        segment.first == "v" && segment.count > 1
            && segment.dropFirst().allSatisfy { $0.isASCII && $0.isNumber || $0 == "." }
    }
}
