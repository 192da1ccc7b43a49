// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The services that a token's project may use, as Keystone lists them.
struct ServiceCatalogue: Hashable, Sendable {
    struct Endpoint: Hashable, Sendable {
        var serviceType: String
        var interface: EndpointInterface
        var region: String
        var url: String
    }

    var endpoints: [Endpoint]

    init(endpoints: [Endpoint]) {
        self.endpoints = endpoints
    }

    /// From `token.catalog`; pieces without a type or a URL are passed over.
    init(json: JSONValue?) {
        endpoints = (json?.array ?? []).flatMap { service -> [Endpoint] in
            guard let type = service["type"]?.string else { return [] }
            return (service["endpoints"]?.array ?? []).compactMap { endpoint in
                guard let url = endpoint["url"]?.string else { return nil }
                return Endpoint(
                    serviceType: type,
                    interface: EndpointInterface(rawValue: endpoint["interface"]?.string ?? ""),
                    region: endpoint["region_id"]?.string ?? endpoint["region"]?.string ?? "",
                    url: url)
            }
        }
    }

    /// The Image service's address; without a region the first one listed.
    ///
    /// - Throws: ``TranshipError/Code/noImageService`` with what there is.
    func imageEndpoint(
        cloud: String, region: String?, interface: EndpointInterface
    ) throws(TranshipError) -> String {
        func list(_ values: [String]) -> String {
            let distinct = Set(values).sorted().filter { !$0.isEmpty }
            return distinct.isEmpty ? "none" : distinct.joined(separator: ", ")
        }
        let image = endpoints.filter { $0.serviceType == "image" }
        guard !image.isEmpty else {
            throw TranshipError(
                .noImageService, "the catalogue of cloud \"\(cloud)\" has no Image service",
                hint:
                    "it lists: \(list(endpoints.map(\.serviceType))); set image_endpoint_override "
                    + "if the service is there all the same")
        }
        let near = image.filter { region == nil || $0.region == region }
        guard !near.isEmpty else {
            throw TranshipError(
                .noImageService,
                "the catalogue of cloud \"\(cloud)\" has no Image service in region "
                    + "\"\(region ?? "")\"",
                hint: "regions that have one: \(list(image.map(\.region)))")
        }
        guard let found = near.first(where: { $0.interface == interface }) else {
            throw TranshipError(
                .noImageService,
                "the Image service of cloud \"\(cloud)\" has no \(interface) endpoint"
                    + (region.map { " in region \"\($0)\"" } ?? ""),
                hint: "set interface to one of: \(list(near.map(\.interface.rawValue)))")
        }
        return found.url
    }
}
