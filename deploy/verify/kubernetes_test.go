package verify

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/yaml"
	strict "sigs.k8s.io/yaml"
)

// objects is everything that kustomization.yaml names.
type objects struct {
	deployments map[string]*appsv1.Deployment
	services    map[string]*corev1.Service
	configs     map[string]*corev1.ConfigMap
	ingresses   []*networkingv1.Ingress
	budgets     []*policyv1.PodDisruptionBudget
	policies    []*networkingv1.NetworkPolicy
	namespaces  []*corev1.Namespace
}

// kustomization is what we use of it; another key fails.
type kustomization struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string   `json:"namespace"`
	Resources       []string `json:"resources"`
}

func readObjects(t *testing.T) objects {
	t.Helper()
	var k kustomization
	if err := strict.UnmarshalStrict(file(t, "kubernetes", "kustomization.yaml"), &k); err != nil {
		t.Fatal(err)
	}
	there, err := filepath.Glob("../kubernetes/*.yaml")
	if err != nil || len(there) != len(k.Resources)+1 {
		t.Fatalf("kustomization.yaml names %d files, there are %d (%v)", len(k.Resources), len(there)-1, err)
	}
	o := objects{deployments: map[string]*appsv1.Deployment{}, services: map[string]*corev1.Service{}, configs: map[string]*corev1.ConfigMap{}}
	for _, name := range k.Resources {
		docs := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(file(t, "kubernetes", name))))
		for {
			doc, err := docs.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			o.take(t, name, k.Namespace, doc)
		}
	}
	return o
}

// take reads one object: an unknown field, and one that stands twice, fails.
func (o *objects) take(t *testing.T, name, namespace string, doc []byte) {
	t.Helper()
	var head struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
	}
	if err := strict.Unmarshal(doc, &head); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if head.Kind != "Namespace" && head.Namespace != namespace {
		t.Errorf("%s: %s %s is in namespace %q", name, head.Kind, head.Name, head.Namespace)
	}
	var into any
	switch head.APIVersion + " " + head.Kind {
	case "apps/v1 Deployment":
		d := &appsv1.Deployment{}
		o.deployments[head.Name], into = d, d
	case "v1 Service":
		s := &corev1.Service{}
		o.services[head.Name], into = s, s
	case "v1 ConfigMap":
		c := &corev1.ConfigMap{}
		o.configs[head.Name], into = c, c
	case "v1 Namespace":
		n := &corev1.Namespace{}
		o.namespaces, into = append(o.namespaces, n), n
	case "networking.k8s.io/v1 Ingress":
		i := &networkingv1.Ingress{}
		o.ingresses, into = append(o.ingresses, i), i
	case "networking.k8s.io/v1 NetworkPolicy":
		p := &networkingv1.NetworkPolicy{}
		o.policies, into = append(o.policies, p), p
	case "policy/v1 PodDisruptionBudget":
		b := &policyv1.PodDisruptionBudget{}
		o.budgets, into = append(o.budgets, b), b
	default:
		t.Fatalf("%s: %s of %s is not known here", name, head.Kind, head.APIVersion)
	}
	if err := strict.UnmarshalStrict(doc, into); err != nil {
		t.Errorf("%s: %s %s: %v", name, head.Kind, head.Name, err)
	}
}

func TestKubernetesReadsEveryManifestWithoutAnUnknownField(t *testing.T) {
	o := readObjects(t)
	if len(o.deployments) != 2 || len(o.services) != 2 || len(o.ingresses) != 1 || len(o.budgets) != 1 || len(o.policies) != 2 || len(o.namespaces) != 1 {
		t.Errorf("%d deployments, %d services, %d ingresses, %d budgets, %d policies, %d namespaces",
			len(o.deployments), len(o.services), len(o.ingresses), len(o.budgets), len(o.policies), len(o.namespaces))
	}
}

func TestManifestsPointAtEachOther(t *testing.T) {
	o := readObjects(t)
	for name, s := range o.services {
		d := o.deployments[name]
		if d == nil || !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) {
			t.Fatalf("service %s selects no pods", name)
		}
		for _, p := range s.Spec.Ports {
			if !hasPort(d, p.TargetPort.StrVal) {
				t.Errorf("service %s: no container has port %s", name, p.TargetPort.StrVal)
			}
		}
	}
	app := o.deployments["shenwei"]
	for _, b := range o.budgets {
		matches(t, "the disruption budget", b.Spec.Selector, app)
	}
	for _, c := range app.Spec.Template.Spec.TopologySpreadConstraints {
		matches(t, "a topology spread", c.LabelSelector, app)
	}
	for _, p := range o.policies {
		d := o.deployments[p.Name]
		matches(t, "network policy "+p.Name, &p.Spec.PodSelector, d)
		for _, rule := range p.Spec.Ingress {
			for _, port := range rule.Ports {
				if !hasPort(d, port.Port.StrVal) {
					t.Errorf("network policy %s: no container has port %s", p.Name, port.Port.StrVal)
				}
			}
		}
	}
	backend := o.ingresses[0].Spec.Rules[0].HTTP.Paths[0].Backend.Service
	if s := o.services[backend.Name]; s == nil || s.Spec.Ports[0].Name != backend.Port.Name {
		t.Errorf("the ingress leads to %+v", backend)
	}
	for _, from := range app.Spec.Template.Spec.Containers[0].EnvFrom {
		if o.configs[from.ConfigMapRef.Name] == nil {
			t.Errorf("there is no ConfigMap %s", from.ConfigMapRef.Name)
		}
	}
}

func matches(t *testing.T, what string, selector *metav1.LabelSelector, d *appsv1.Deployment) {
	t.Helper()
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil || d == nil || s.Empty() || !s.Matches(labels.Set(d.Spec.Template.Labels)) {
		t.Errorf("%s selects no pods (%v)", what, err)
	}
}

func hasPort(d *appsv1.Deployment, name string) bool {
	for _, c := range d.Spec.Template.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == name {
				return true
			}
		}
	}
	return false
}

func TestADeploymentIsReplacedWithoutAGapAndWithoutRights(t *testing.T) {
	o := readObjects(t)
	for name, d := range o.deployments {
		roll := d.Spec.Strategy.RollingUpdate
		if d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || roll.MaxUnavailable.IntValue() != 0 || roll.MaxSurge.IntValue() < 1 {
			t.Errorf("%s: an update takes nodes away before others serve", name)
		}
		pod := d.Spec.Template.Spec
		if pod.SecurityContext == nil || !*pod.SecurityContext.RunAsNonRoot || *pod.SecurityContext.RunAsUser == 0 ||
			pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || *pod.AutomountServiceAccountToken {
			t.Errorf("%s: the pod has more rights than it needs", name)
		}
		for _, c := range pod.Containers {
			pinned(t, c.Image)
			testedNATS(t, c.Image)
			s := c.SecurityContext
			if s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || s.Capabilities == nil || s.Capabilities.Drop[0] != "ALL" {
				t.Errorf("%s: container %s has more rights than it needs", name, c.Name)
			}
			if c.Resources.Requests.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
				t.Errorf("%s: container %s names no resources", name, c.Name)
			}
			mounted(t, pod, c)
		}
	}
	if z := *o.deployments["shenwei"].Spec.Replicas; z < 2 {
		t.Errorf("%d replicas", z)
	}
}

// mounted fails where a secret comes by the environment, or a file is named that nothing mounts.
func mounted(t *testing.T, pod corev1.PodSpec, c corev1.Container) {
	t.Helper()
	for _, e := range c.EnvFrom {
		if e.SecretRef != nil {
			t.Errorf("container %s has secrets in its environment", c.Name)
		}
	}
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			t.Errorf("container %s has the secret %s in its environment", c.Name, e.Name)
		}
	}
	for _, m := range c.VolumeMounts {
		found := false
		for _, v := range pod.Volumes {
			found = found || v.Name == m.Name
		}
		if !found {
			t.Errorf("container %s mounts %s, which is no volume", c.Name, m.Name)
		}
	}
}

func TestANodeHasTimeToLeaveAndIsProbedWhereItAnswers(t *testing.T) {
	o := readObjects(t)
	pod := o.deployments["shenwei"].Spec.Template.Spec
	c := pod.Containers[0]
	if *pod.TerminationGracePeriodSeconds < 20+c.Lifecycle.PreStop.Sleep.Seconds+5 {
		t.Errorf("%d s are too few: it waits %d s and leaves within 20", *pod.TerminationGracePeriodSeconds, c.Lifecycle.PreStop.Sleep.Seconds)
	}
	for probe, want := range map[*corev1.Probe]string{c.StartupProbe: "/readyz", c.ReadinessProbe: "/readyz", c.LivenessProbe: "/healthz"} {
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != want || probe.HTTPGet.Port.StrVal != "http" {
			t.Errorf("probe %+v, want %s on http", probe, want)
		}
	}
	// Out of the balancers before it stops taking.
	if r := c.ReadinessProbe; int64(r.PeriodSeconds*r.FailureThreshold) > c.Lifecycle.PreStop.Sleep.Seconds {
		t.Errorf("the readiness probe needs %d s", r.PeriodSeconds*r.FailureThreshold)
	}
	config := o.configs["shenwei"].Data
	for key, value := range config {
		if strings.HasSuffix(key, "_FILE") && !strings.HasPrefix(value, secretsAt(c)+"/") {
			t.Errorf("%s is %s, secrets are mounted at %s", key, value, secretsAt(c))
		}
	}
	if config["SHENWEI_DIR"] != c.VolumeMounts[0].MountPath {
		t.Errorf("SHENWEI_DIR is %s, %s can be written", config["SHENWEI_DIR"], c.VolumeMounts[0].MountPath)
	}
}

func secretsAt(c corev1.Container) string {
	for _, m := range c.VolumeMounts {
		if m.Name == "secrets" {
			return m.MountPath
		}
	}
	return ""
}
