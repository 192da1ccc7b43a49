// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import OpenStackImage

/// Handles the mistake `alpha/noble`, written like a path: the word taken for a region may be an
/// image.
extension CopyOrder {
    /// Returns the error, with the command that was meant if the cloud lacks the region of the
    /// command line.
    func explained(_ error: TranshipError) -> TranshipError {
        guard let unknown = error.cause as? UnknownRegion,
            let place = places.first(where: {
                $0.name == unknown.cloud && $0.region == unknown.region
            }), let hint = imageHint(place)
        else { return error }
        return error.hinting([hint, error.hint].compactMap(\.self).joined(separator: "; "))
    }

    /// - Throws: ``TranshipError/Code/usage`` if the entry of a cloud gives the address of its
    ///   Image service. The region of the command line would then have no effect, and all images
    ///   would be copied.
    func expectRegions(in files: CloudFiles) throws(TranshipError) {
        for place in places where place.region != nil {
            let asked: CloudConfiguration
            let own: CloudConfiguration
            do throws(TranshipError) {
                asked = try files.configuration(of: place.name, region: place.region)
                own = try files.configuration(of: place.name)
            } catch {
                throw explained(error)
            }
            guard let address = own.imageEndpointOverride, asked.region != own.region,
                asked.imageEndpointOverride == address, asked.authURL == own.authURL
            else { continue }
            throw TranshipError(
                .usage,
                "the entry of cloud \"\(place.name)\" names its Image service itself, so it has no "
                    + "region \"\(place.region ?? "")\"",
                hint: ["leave the region out", imageHint(place)].compactMap(\.self)
                    .joined(separator: "; "))
        }
    }

    private var places: [CloudPlace] {
        var places: [CloudPlace] = []
        if case .cloud(let place) = source { places.append(place) }
        if case .cloud(let place) = target { places.append(place) }
        return places
    }

    private func imageHint(_ place: CloudPlace) -> String? {
        guard let image = place.region else { return nil }
        let words = [sourceWord, target.words].map { $0 == place.words ? place.name : $0 }
        guard words[0] != words[1] else { return nil }
        return "if \(image) is an image, it comes behind the clouds: "
            + KnownClouds.command(words + [image] + names)
    }
}
