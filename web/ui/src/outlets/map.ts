// The map of the outlets that are listed, on the operator's licensed pictures. Places come in the
// pictures' own coordinate system: the server has turned them.

import { circleMarker, latLngBounds, map as newMap, tileLayer, type Map } from 'leaflet'
import 'leaflet/dist/leaflet.css'

let drawn: Map | undefined

function draw() {
  const open = document.querySelector<HTMLElement>('[data-map]')
  const canvas = document.querySelector<HTMLElement>('[data-canvas]')
  if (!open || !canvas) return
  if (drawn) drawn.remove()
  canvas.hidden = false
  const colour = getComputedStyle(document.documentElement).getPropertyValue('--blue').trim()
  const map = newMap(canvas, { attributionControl: true })
  if (map.attributionControl) map.attributionControl.setPrefix(false)
  tileLayer(open.dataset.pictures || '', { attribution: plain(open.dataset.attribution || ''), maxZoom: 18, referrerPolicy: 'no-referrer' }).addTo(map)
  const bounds = latLngBounds([])
  for (const row of Array.from(document.querySelectorAll<HTMLElement>('[data-at]'))) {
    const [lat, lng] = (row.dataset.at || '').split(',').map(Number)
    if (lat === undefined || lng === undefined || !isFinite(lat) || !isFinite(lng)) continue
    const label = document.createElement('span')
    label.textContent = row.dataset.name || ''
    circleMarker([lat, lng], { radius: 9, color: colour, weight: 3 }).bindPopup(label).addTo(map)
    bounds.extend([lat, lng])
  }
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [24, 24], maxZoom: 15 })
  drawn = map
}

/** Leaflet shows an attribution as HTML; an operator's text is text. */
function plain(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

document.addEventListener('shenwei:map', draw)
draw()
