package oci

// Manifest gives the manifest that Push would send, and its digest, for an artifact
// of which only digest and size are known. p.Layer is not read.
func Manifest(p Push, layerDigest string, layerSize int64) (manifest []byte, digest string, err error) {
	manifest, err = encodeManifest(
		blob{Digest: digestOf(p.config()), MediaType: p.ConfigType, Size: int64(len(p.config()))},
		blob{Digest: layerDigest, MediaType: p.LayerType, Size: layerSize},
		p.Annotations)
	if err != nil {
		return nil, "", err
	}
	return manifest, digestOf(manifest), nil
}

// config gives the config blob, by default an empty object, as wash pushes it.
func (p Push) config() []byte {
	if p.Config == nil {
		return []byte("{}")
	}
	return p.Config
}
